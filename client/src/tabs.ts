import { Connection } from './connection.js';
import type { Frame } from './frames.js';
import {
  IDLE,
  type Outgoing,
  type Sink,
  type Source,
  type SourceFactory,
  type SourceOptions,
  type Status,
} from './source.js';

/** What tabs say to each other. Frames and the status come from the tab that leads. */
type Word =
  | { kind: 'hello' }
  | { kind: 'welcome'; to: string; status: Status; cursor: string | null }
  | { kind: 'rooms'; rooms: [string, string | undefined][] }
  | { kind: 'frame'; frame: Frame }
  | { kind: 'status'; status: Status }
  | { kind: 'send'; message: Outgoing }
  | { kind: 'start' }
  | { kind: 'restart' };

/** The part of `navigator.locks` that is used. */
export interface Locks {
  request(name: string, options: { signal?: AbortSignal }, held: () => Promise<void>): Promise<unknown>;
}

/**
 * One connection for all tabs of this browser that use the same key, which must name the user. Where the browser has no Web
 * Locks or no BroadcastChannel (a page that came by plain http), each tab has a connection of its own.
 */
export function sharedTabs(key: string, locks: Locks | undefined = globalThis.navigator?.locks): SourceFactory {
  return (options, sink) =>
    locks && globalThis.BroadcastChannel ? new Tab(key, locks, options, sink) : new Connection(options, sink);
}

class Tab implements Source {
  readonly #id = crypto.randomUUID();
  readonly #name: string;
  readonly #locks: Locks;
  readonly #options: SourceOptions;
  readonly #sink: Sink;
  #channel: BroadcastChannel | null = null;
  /** Ends everything that was begun by `start`. */
  #over = new AbortController();
  /** Of the tab that leads. */
  #connection: Connection | null = null;
  #status: Status = IDLE;
  /** Whether this tab is up to date with the one that leads: before, what it hears has no beginning. */
  #follows = false;
  #rooms: ReadonlyMap<string, string | undefined> = new Map();
  /** What the other tabs want, known to every tab, since every tab may have to take over. */
  #others = new Map<string, ReadonlyMap<string, string | undefined>>();

  constructor(key: string, locks: Locks, options: SourceOptions, sink: Sink) {
    this.#name = `bellhop:${options.base}:${key}`;
    this.#locks = locks;
    this.#options = options;
    this.#sink = sink;
  }

  start(): void {
    if (this.#channel) {
      this.#command({ kind: 'start' });
      return;
    }
    this.#over = new AbortController();
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.onmessage = ({ data }: MessageEvent<{ from: string; word: Word }>) =>
      this.#heard(data.from, data.word);
    this.#set({ ...IDLE, state: 'connecting', transport: 'shared' });
    // Held for as long as this tab lives: whoever gets it knows that the tab is gone.
    void this.#hold(`${this.#name}:${this.#id}`, () => this.#greet());
    void this.#hold(this.#name, () => this.#lead());
  }

  #greet(): void {
    this.#say({ kind: 'hello' });
    this.#say({ kind: 'rooms', rooms: [...this.#rooms] });
  }

  async #hold(name: string, held: () => void): Promise<void> {
    const { signal } = this.#over;
    try {
      await this.#locks.request(name, { signal }, () => {
        held();
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
      });
    } catch (error) {
      if (!signal.aborted) {
        this.#options.report(error, 'tabs');
      }
    }
  }

  // ---- leading ----

  #lead(): void {
    const takesOver = this.#status.state === 'connected' || this.#status.state === 'reconnecting';
    const connection = new Connection(this.#options, {
      frame: (frame) => {
        this.#sink.frame(frame);
        this.#say({ kind: 'frame', frame });
      },
      status: (status) => {
        if (this.#connection !== connection) {
          return; // its end is no news for the others: one of them takes over
        }
        const shown =
          takesOver && status.state === 'connecting' ? ({ ...status, state: 'reconnecting' } as const) : status;
        this.#set(shown);
        this.#say({ kind: 'status', status: shown });
      },
      sent: (message) => this.#sink.sent(message),
    });
    this.#connection = connection;
    connection.setRooms(this.#union());
    connection.start();
    this.#others.forEach((_, tab) => this.#mourn(tab));
  }

  /** Forgets what a tab wanted once it is gone, however it went. */
  #mourn(tab: string): void {
    const { signal } = this.#over;
    const gone = async () => {
      this.#others.delete(tab);
      this.#connection?.setRooms(this.#union());
    };
    this.#locks.request(`${this.#name}:${tab}`, { signal }, gone).catch((error: unknown) => {
      if (!signal.aborted) {
        this.#options.report(error, 'tabs');
      }
    });
  }

  #union(): Map<string, string | undefined> {
    const union = new Map<string, string | undefined>();
    for (const rooms of [...this.#others.values(), this.#rooms]) {
      rooms.forEach((since, room) => union.set(room, union.get(room) ?? since));
    }
    return union;
  }

  // ---- hearing ----

  #heard(from: string, word: Word): void {
    switch (word.kind) {
      case 'hello':
        this.#say({ kind: 'rooms', rooms: [...this.#rooms] });
        if (this.#connection) {
          this.#say({ kind: 'welcome', to: from, status: this.#status, cursor: this.#options.cursor.get() });
        }
        break;
      case 'rooms':
        if (this.#connection && !this.#others.has(from)) {
          this.#mourn(from);
        }
        this.#others.set(from, new Map(word.rooms));
        this.#connection?.setRooms(this.#union());
        break;
      case 'send':
        this.#connection?.send(word.message);
        break;
      case 'start':
        this.#connection?.start();
        break;
      case 'restart':
        this.#connection?.restart();
        break;
      case 'welcome':
        if (word.to === this.#id) {
          this.#welcomed(word.status, word.cursor);
        }
        break;
      case 'status':
        this.#follow(word.status);
        break;
      case 'frame':
        if (this.#follows || word.frame.type === 'connected') {
          this.#follows = true;
          this.#sink.frame(word.frame);
        }
        break;
    }
  }

  /** To this tab, a connection that was there before it looks like one that has just been made. */
  #welcomed(status: Status, cursor: string | null): void {
    this.#follow(status);
    if (status.state !== 'connected' || !status.session || !cursor || this.#follows) {
      return;
    }
    this.#follows = true;
    const own = this.#options.cursor.get();
    const { reason: _, ...session } = status.session;
    this.#sink.frame({
      type: 'connected',
      payload: {
        ...session,
        recovered: own === cursor,
        replayed: 0,
        ...(own !== null && own !== cursor && { reason: 'shared' }),
      },
      timestamp: new Date().toISOString(),
      cursor,
    });
  }

  #follow(status: Status): void {
    if (!this.#connection) {
      this.#set({ ...status, transport: 'shared' });
    }
  }

  // ---- talking ----

  setRooms(rooms: ReadonlyMap<string, string | undefined>): void {
    this.#rooms = new Map(rooms);
    this.#say({ kind: 'rooms', rooms: [...rooms] });
    this.#connection?.setRooms(this.#union());
  }

  send(message: Outgoing): boolean {
    if (this.#connection) {
      return this.#connection.send(message);
    }
    if (this.#status.state !== 'connected') {
      return false;
    }
    this.#say({ kind: 'send', message });
    this.#sink.sent(message);
    return true;
  }

  restart(): void {
    this.#command({ kind: 'restart' });
  }

  #command(word: { kind: 'start' | 'restart' }): void {
    if (this.#connection) {
      this.#connection[word.kind]();
    } else {
      this.#say(word);
    }
  }

  #say(word: Word): void {
    this.#channel?.postMessage({ from: this.#id, word });
  }

  stop(): void {
    const connection = this.#connection;
    this.#connection = null;
    connection?.stop();
    this.#over.abort();
    this.#channel?.close();
    this.#channel = null;
    this.#follows = false;
    this.#others.clear();
    this.#set(IDLE);
  }

  #set(status: Status): void {
    this.#status = status;
    this.#sink.status(status);
  }
}
