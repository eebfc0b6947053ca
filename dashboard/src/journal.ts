import type { DomainEvent, RealtimeClient } from '@bellhop/client';
import { clock } from './time';

/** Events that are kept. */
const KEPT = 500;

/** What happened while the page was open, whichever page is shown: the latest events, newest first, and how it came back. */
export class Journal {
  #events: readonly DomainEvent[] = [];
  #watchers = new Set<() => void>();
  #total = 0;
  #recovery: string | null = null;

  constructor(client: RealtimeClient) {
    client.onMessage('*', (_, event) => {
      this.#total++;
      this.#events = [event, ...this.#events.slice(0, KEPT - 1)];
      this.#tell();
    });
    client.onMessage('connected', ({ recovered, replayed }) => {
      if (recovered) {
        this.#recovered(
          `Recovered at ${clock(Date.now())}, ${replayed === 1 ? '1 event' : `${replayed} events`} caught up`,
        );
      }
    });
    client.onResync((reason) =>
      this.#recovered(`Resynced at ${clock(Date.now())}: ${reason.replaceAll('_', ' ')}; everything was fetched again`),
    );
  }

  #recovered(how: string): void {
    this.#recovery = how;
    this.#tell();
  }

  #tell(): void {
    this.#watchers.forEach((watcher) => watcher());
  }

  subscribe = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  };

  getEvents = (): readonly DomainEvent[] => this.#events;

  /** How the latest connection began, where it was not the first one. */
  getRecovery = (): string | null => this.#recovery;

  /** All that came, also those that are not kept. */
  get total(): number {
    return this.#total;
  }
}
