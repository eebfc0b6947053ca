import type { ClientMessage, Connected } from './generated/model.js';

/** Requests that go out at once; the server takes 20 messages a second. */
const AT_ONCE = 10;
const PAUSE_MS = 600;

export interface Subscriber {
  send(message: ClientMessage): void;
  /** What the server has let in and what it has refused. */
  changed(rooms: { rooms: readonly string[]; refused: readonly string[] }): void;
  /** The line cannot be told of other rooms than those that it began with. */
  needsNewLine(): void;
}

/** The rooms that a connection wants to be in, and what has come of it. */
export class Subscriptions {
  readonly #subscriber: Subscriber;
  /** With the cursor from which on older events are wanted. */
  #wanted: ReadonlyMap<string, string | undefined> = new Map();
  /** Named in the attempt that is under way or succeeded last. */
  #named: readonly string[] = [];
  #rooms: readonly string[] = [];
  #refused: readonly string[] = [];
  /** Joined because this client asked: to be left again. */
  #own = new Set<string>();
  /** Requests under way, by `ref`. */
  #asked = new Map<string, string>();
  /** Replays under way, by `ref`. */
  #replaying = new Map<string, string>();
  /** Rooms whose older events have come, where they were asked for. */
  #replayed = new Set<string>();
  /** Null while there is no line. */
  #canAsk: boolean | null = null;
  #later: ReturnType<typeof setTimeout> | undefined;
  #refs = 0;

  constructor(subscriber: Subscriber) {
    this.#subscriber = subscriber;
  }

  // ---- what is wanted ----

  want(rooms: ReadonlyMap<string, string | undefined>): void {
    this.#wanted = new Map(rooms);
    this.#replayed.forEach((room) => rooms.has(room) || this.#replayed.delete(room));
    if (this.#refused.some((room) => !rooms.has(room))) {
      this.#set(
        this.#rooms,
        this.#refused.filter((room) => rooms.has(room)),
      );
    }
    this.#reconcile();
  }

  /** For the address of a new line. */
  names(): readonly string[] {
    return (this.#named = [...this.#wanted.keys()]);
  }

  #reconcile(): void {
    if (this.#canAsk === null || this.#later) {
      return;
    }
    const underWay = new Set([...this.#asked.values(), ...this.#replaying.values()]);
    const free = (room: string) => !underWay.has(room);
    const isIn = (room: string) => this.#rooms.includes(room);
    const lacks = (room: string) => !isIn(room) || (this.#canAsk && this.#since(room) !== undefined);
    const join = [...this.#wanted.keys()].filter((room) => lacks(room) && !this.#refused.includes(room) && free(room));
    const leave = [...this.#own].filter((room) => isIn(room) && !this.#wanted.has(room) && free(room));
    if (!this.#canAsk) {
      if (join.length > 0) {
        this.#subscriber.needsNewLine();
      }
      return;
    }
    const requests = [
      ...leave.map((room) => () => this.#subscriber.send({ type: 'unsubscribe', room, ref: this.#ref(room) })),
      ...join.map((room) => () => this.#ask(room)),
    ];
    requests.slice(0, AT_ONCE).forEach((request) => request());
    if (requests.length > AT_ONCE) {
      this.#reconcileLater();
    }
  }

  #reconcileLater(): void {
    this.#later ??= setTimeout(() => {
      this.#later = undefined;
      this.#reconcile();
    }, PAUSE_MS);
  }

  #since(room: string): string | undefined {
    return this.#replayed.has(room) ? undefined : this.#wanted.get(room);
  }

  #ask(room: string): void {
    const since = this.#since(room);
    const ref = this.#ref(room);
    if (since !== undefined) {
      this.#replaying.set(ref, room);
    }
    this.#subscriber.send({ type: 'subscribe', room, ...(since !== undefined && { since }), ref });
  }

  /** Says which room an answer is about: an `error` frame does not. */
  #ref(room: string): string {
    const ref = `room-${++this.#refs}`;
    this.#asked.set(ref, room);
    return ref;
  }

  // ---- what comes of it ----

  /** @param canAsk whether this line can be told of other rooms */
  entered({ role, rooms, reason }: Connected, canAsk: boolean): void {
    this.#canAsk = canAsk;
    if (role === 'HR' || role === 'ADMIN') {
      // They are in no property by themselves.
      rooms.filter((room) => room.startsWith('property-')).forEach((room) => this.#own.add(room));
    }
    if (reason) {
      this.#wanted.forEach((_, room) => this.#replayed.add(room)); // there is more to refetch than these
    }
    this.#set(
      rooms,
      this.#named.filter((room) => !rooms.includes(room)),
    );
    this.#reconcile();
  }

  joined(room: string, ref: string | undefined): void {
    if (ref !== undefined && this.#asked.delete(ref)) {
      this.#own.add(room);
    }
    this.#set(
      [...new Set([...this.#rooms, room])],
      this.#refused.filter((other) => other !== room),
    );
    this.#reconcile();
  }

  caughtUp(ref = ''): void {
    const room = this.#replaying.get(ref);
    if (room !== undefined) {
      this.#replaying.delete(ref);
      this.#replayed.add(room);
    }
  }

  left(room: string, reason: string): void {
    this.#own.delete(room);
    this.#asked.forEach((other, ref) => other === room && this.#asked.delete(ref));
    const isRevoked = reason !== 'client' && this.#wanted.has(room); // to ask again would be refused
    this.#set(
      this.#rooms.filter((other) => other !== room),
      isRevoked ? [...this.#refused, room] : this.#refused,
    );
    this.#reconcile();
  }

  refused(code: string, ref: string | undefined): void {
    const room = ref === undefined ? undefined : this.#asked.get(ref);
    if (ref !== undefined && room !== undefined) {
      this.#asked.delete(ref);
      this.#replaying.delete(ref);
      this.#set(this.#rooms, [...new Set([...this.#refused, room])]);
    } else if (code === 'rate_limited') {
      this.#asked.clear(); // which one was dropped is not said
      this.#replaying.clear();
      this.#reconcileLater();
    }
  }

  /** The line is gone. */
  lost(): void {
    clearTimeout(this.#later);
    this.#later = undefined;
    this.#canAsk = null;
    this.#asked.clear();
    this.#replaying.clear();
    this.#rooms = [];
  }

  #set(rooms: readonly string[], refused: readonly string[]): void {
    this.#rooms = rooms;
    this.#refused = refused;
    this.#subscriber.changed({ rooms, refused });
  }
}
