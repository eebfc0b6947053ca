import { Connection } from './connection.js';
import { type CursorStore, memoryCursor, sessionCursor } from './cursor.js';
import { NotConnectedError, RefusedError, UnauthorizedError } from './errors.js';
import {
  type DomainEvent,
  type EventName,
  type EventOf,
  type Frame,
  type PayloadOf,
  type ServerFrame,
  type ServerFrameType,
  canonicalName,
  isEvent,
} from './frames.js';
import type { ClientMessage, Connected, Present } from './generated/model.js';
import type { SocketConstructor } from './line.js';
import {
  IDLE,
  type Outgoing,
  type Reconnect,
  type Source,
  type SourceFactory,
  type SourceOptions,
  type Status,
  type TokenProvider,
  type TokenReason,
} from './source.js';
import type { Stats } from './stats.js';

export interface ClientOptions {
  /** The realtime service: `https://host`, `wss://host`, with a path prefix if it has one. Default: the page's own origin. */
  url?: string | undefined;
  /** The REST API, for live collections: `https://host`. Default: the same as `url`. */
  apiUrl?: string | undefined;
  /** An access token, or a function that gets one. Default: `localStorage.getItem('auth_token')`. */
  token?: string | TokenProvider | undefined;
  /** Where the place in the stream is kept: for the life of the page (default), of the tab, or wherever you say. */
  cursor?: 'memory' | 'session' | CursorStore | undefined;
  reconnect?: Reconnect | undefined;
  /** In the order of preference. Default: WebSocket, and server-sent events where WebSockets do not get through. */
  transports?: readonly ('websocket' | 'sse')[] | undefined;
  /** `sharedTabs(…)`: one connection for all tabs of this browser. */
  source?: SourceFactory | undefined;
  /**
   * Applied to every text inside a payload before anybody sees it. Default: text is handed on as it is; the server has
   * stripped HTML from it, and a page that shows it as text, as React does, needs no more. See `escapeHtml`.
   */
  sanitize?: ((text: string) => string) | undefined;
  /** Told of everything that went wrong inside: a listener that threw, a token that could not be had. Default: console. */
  onError?: ((error: unknown, during: string) => void) | undefined;
  /** For runtimes that have none of their own. */
  WebSocket?: SocketConstructor | undefined;
  fetch?: typeof fetch | undefined;
}

/** What a client knows of itself; a new object with every change. */
export interface Snapshot extends Status {
  readonly isConnected: boolean;
}

export type RoomState = 'joining' | 'joined' | 'refused';

type Handler = (payload: never, frame: never) => void;

/** Ids of events that are remembered, against one that comes twice. */
const REMEMBERED = 1000;

const ANSWER_MS = 10_000;

/**
 * Events of one user's organisation, in order, each once, from `connect()` to `disconnect()`. Its methods may be handed on
 * without the client.
 */
export class RealtimeClient {
  readonly apiUrl: string;
  readonly fetch: typeof fetch;
  #options: ClientOptions;
  #reconnect: Reconnect;
  #cursor: CursorStore;
  #token: TokenProvider;
  #source: Source;
  #status: Status = IDLE;
  #snapshot: Snapshot = { ...IDLE, isConnected: false };
  #watchers = new Set<() => void>();
  #handlers = new Map<string, Set<Handler>>();
  #frameHandlers = new Set<(frame: Frame | Outgoing, direction: 'in' | 'out') => void>();
  #resyncHandlers = new Set<(reason: string) => void>();
  #seen = new Set<string>();
  #rooms = new Map<string, { users: number; since: string | undefined }>();
  #roomsChanged = false;
  #answers = new Map<string, (frame: Frame | null) => void>();
  #refs = 0;
  /** How often the server has let this client in. */
  #entries = 0;
  #retained = 0;

  constructor(options: ClientOptions = {}) {
    this.#options = options;
    this.#reconnect = options.reconnect ?? {};
    const { cursor = 'memory', token = storedToken } = options;
    this.#cursor = this.#safe(cursor === 'memory' ? memoryCursor() : cursor === 'session' ? sessionCursor() : cursor);
    this.#token = typeof token === 'string' ? () => token : token;
    const base = (options.url ?? globalThis.location?.origin ?? '')
      .replace(/^ws/, 'http')
      .replace(/\/(ws(\/dashboard)?)?$/, '');
    const fetcher: typeof fetch = options.fetch ?? ((...request) => globalThis.fetch(...request));
    this.apiUrl = (options.apiUrl ?? base).replace(/\/$/, '');
    this.fetch = fetcher;
    const sourceOptions: SourceOptions = {
      base,
      token: this.#token,
      cursor: this.#cursor,
      transports: options.transports ?? ['websocket', 'sse'],
      reconnect: () => this.#reconnect,
      WebSocket: options.WebSocket ?? globalThis.WebSocket,
      fetch: fetcher,
      report: this.#report,
    };
    const sink = {
      frame: (frame: Frame) => this.#guarded('frame', () => this.#received(frame)),
      status: (status: Status) => this.#changed(status),
      sent: (message: Outgoing) => this.#show(message, 'out'),
    };
    this.#source = options.source?.(sourceOptions, sink) ?? new Connection(sourceOptions, sink);
  }

  // ---- the connection ----

  /** Starts connecting and stays at it. Harmless when it has been called. */
  connect = (): void => {
    this.#source.setRooms(this.#wanted());
    this.#source.start();
  };

  /** Ends the connection. Rooms, listeners and the place in the stream are kept for the next `connect()`. */
  disconnect = (): void => this.#source.stop();

  /** Gives the connection up and lets it recover; where it waits for the next attempt, makes it now. */
  restart = (): void => this.#source.restart();

  /** Forgets the place in the stream: for when another user logs in. */
  forget = (): void => this.#cursor.set(null);

  /** Connects for somebody who needs it, until the last of them has released it. A release at once followed by another `retain` changes nothing. */
  retain = (): (() => void) => {
    this.#retained++;
    if (this.#status.state === 'idle') {
      this.connect(); // one that was ended for good does not come back because a component appears
    }
    return once(() => {
      this.#retained--;
      setTimeout(() => this.#retained || this.disconnect());
    });
  };

  /** Replaces the rules of coming back, from the next loss on. */
  setReconnect = (reconnect: Reconnect): void => void (this.#reconnect = reconnect);

  /** The access token, for calls of the REST API. */
  getToken = async (reason: TokenReason = 'connect'): Promise<string> => this.#token({ reason });

  /** Calls back after every change of the snapshot. */
  subscribe = (watcher: () => void): (() => void) => added(this.#watchers, watcher);

  getSnapshot = (): Snapshot => this.#snapshot;

  #changed(status: Status): void {
    this.#status = status;
    this.#snapshot = { ...status, isConnected: status.state === 'connected' };
    if (status.state !== 'connected') {
      this.#answers.forEach((answer) => answer(null));
    }
    this.#watchers.forEach((watcher) => this.#guarded('watcher', watcher));
  }

  // ---- what the server says ----

  #received(frame: Frame): void {
    const { sanitize } = this.#options;
    if (sanitize) {
      frame = { ...frame, payload: cleaned(frame.payload, sanitize) } as Frame;
    }
    this.#show(frame, 'in');
    const isNew = !isEvent(frame) || this.#isNew(frame.id);
    if (isNew) {
      this.#tell(frame.type, frame);
      if (isEvent(frame)) {
        this.#tell('*', frame);
      }
    }
    if (frame.cursor) {
      this.#cursor.set(frame.cursor);
    }
    if (frame.type === 'connected') {
      this.#entered(frame.payload);
    }
    if ('ref' in frame && frame.ref) {
      this.#answers.get(frame.ref)?.(frame);
    }
  }

  /** A stream that does not go on where the last one ended, or should have: something may be missing. */
  #entered({ recovered, reason = this.#entries > 0 ? 'no_cursor' : undefined }: Connected): void {
    this.#entries++;
    if (!recovered && reason) {
      this.#resyncHandlers.forEach((handler) => this.#guarded('onResync', () => handler(reason)));
    }
  }

  #isNew(id: string): boolean {
    if (this.#seen.has(id)) {
      return false;
    }
    this.#seen.add(id);
    if (this.#seen.size > REMEMBERED) {
      const [oldest] = this.#seen;
      this.#seen.delete(oldest as string);
    }
    return true;
  }

  #tell(type: string, frame: Frame): void {
    this.#handlers
      .get(type)
      ?.forEach((handler) => this.#guarded(`onMessage ${type}`, () => handler(frame.payload as never, frame as never)));
  }

  #show(frame: Frame | Outgoing, direction: 'in' | 'out'): void {
    this.#frameHandlers.forEach((handler) => this.#guarded('onFrame', () => handler(frame, direction)));
  }

  /** What a listener does wrong is reported, and harms neither the connection nor the next listener. */
  #guarded(during: string, call: () => unknown): void {
    try {
      const result = call();
      if (result instanceof Promise) {
        result.catch((error: unknown) => this.#report(error, during));
      }
    } catch (error) {
      this.#report(error, during);
    }
  }

  #report = (error: unknown, during: string): void => {
    const { onError = (e: unknown, d: string) => console.error(`bellhop: ${d}:`, e) } = this.#options;
    try {
      onError(error, during);
    } catch (failure) {
      console.error('bellhop: onError:', failure, 'about', error);
    }
  };

  /** Storage can be full, or forbidden: then the next connection does not resume, and everything else goes on. */
  #safe(store: CursorStore): CursorStore {
    return {
      get: () => {
        let kept: string | null = null;
        this.#guarded('cursor', () => void (kept = store.get()));
        return kept;
      },
      set: (cursor) => this.#guarded('cursor', () => store.set(cursor)),
    };
  }

  // ---- listening ----

  /**
   * Calls back with the payload of each event of that type: `application.submitted`, in the spelling
   * `application_submitted`, or `*` for all of them; the whole event comes second. Also takes the server's own frames
   * (`presence.joined`).
   *
   * @returns how to stop it
   */
  onMessage: OnMessage = (type: string, handler: Handler): (() => void) => {
    const name = canonicalName(type);
    const handlers = this.#handlers.get(name) ?? new Set();
    this.#handlers.set(name, handlers);
    return added(handlers, handler);
  };

  /** Calls back with everything that is said in either direction; tokens are left out. For tools and tests. */
  onFrame = (handler: (frame: Frame | Outgoing, direction: 'in' | 'out') => void): (() => void) =>
    added(this.#frameHandlers, handler);

  /** Calls back when events may have been missed for good, so that what was fetched has to be fetched again. */
  onResync = (handler: (reason: string) => void): (() => void) => added(this.#resyncHandlers, handler);

  // ---- rooms ----

  /**
   * Joins a room until every caller has left it. The room is named again with each new connection.
   *
   * @param since a cursor: events of the room from there on come first
   * @returns how to leave it
   */
  subscribeToRoom = (room: string, { since }: { since?: string } = {}): (() => void) => {
    const entry = this.#rooms.get(room) ?? { users: 0, since };
    entry.users++;
    this.#rooms.set(room, entry);
    this.#reconsiderRooms();
    return once(() => {
      if (--entry.users === 0) {
        this.#rooms.delete(room);
        this.#reconsiderRooms();
      }
    });
  };

  /** Whether the server has let this client into a room that it asked for. */
  roomState = (room: string): RoomState => {
    const { rooms, refused } = this.#status;
    return rooms.includes(room) ? 'joined' : refused.includes(room) ? 'refused' : 'joining';
  };

  /** Once for all changes of one turn of the event loop: a component that is replaced leaves and joins in one. */
  #reconsiderRooms(): void {
    if (!this.#roomsChanged) {
      this.#roomsChanged = true;
      queueMicrotask(() => {
        this.#roomsChanged = false;
        this.#source.setRooms(this.#wanted());
      });
    }
  }

  #wanted(): Map<string, string | undefined> {
    return new Map([...this.#rooms].map(([room, { since }]) => [room, since]));
  }

  // ---- talking ----

  /**
   * Sends a message, or any text.
   *
   * @returns false when there is no connection that could carry it; it is not kept for later
   */
  sendMessage = (message: Outgoing): boolean => this.#source.send(message);

  /**
   * Sends a message and waits for its answer, at most 10 s.
   *
   * @throws RefusedError when the server says no
   * @throws NotConnectedError when there is no connection, or none any more
   */
  request = <T extends ServerFrameType = ServerFrameType>(message: ClientMessage): Promise<ServerFrame<T>> =>
    new Promise((resolve, reject) => {
      const ref = `${CLIENT}-${++this.#refs}`;
      const answered = (frame: Frame | null) => {
        clearTimeout(timer);
        this.#answers.delete(ref);
        if (frame?.type === 'error') {
          reject(new RefusedError(frame.payload.code, frame.payload.message));
        } else if (frame) {
          resolve(frame as ServerFrame<T>);
        } else {
          reject(new NotConnectedError(`no answer to ${message.type}`));
        }
      };
      const timer = setTimeout(() => answered(null), ANSWER_MS);
      this.#answers.set(ref, answered);
      if (!this.sendMessage({ ...message, ref })) {
        answered(null);
      }
    });

  /** Figures of the organisation's connections; for ADMIN and HR. */
  stats = async (): Promise<Stats> => (await this.request<'stats'>({ type: 'get_stats' })).payload;

  /** Who is in a room. From then on `presence.joined` and `presence.left` tell of changes, until the connection is lost. */
  presence = async (room: string): Promise<Present> =>
    (await this.request<'presence'>({ type: 'presence', room })).payload;
}

export interface OnMessage {
  <N extends EventName>(type: N, handler: (payload: PayloadOf<N>, event: EventOf<N>) => void): () => void;
  (type: '*', handler: (payload: DomainEvent['payload'], event: DomainEvent) => void): () => void;
  <T extends ServerFrameType>(
    type: T,
    handler: (payload: ServerFrame<T>['payload'], frame: ServerFrame<T>) => void,
  ): () => void;
  <N extends string>(type: N, handler: (payload: PayloadOf<N>, event: EventOf<N>) => void): () => void;
}

/** Tells the requests of this page from those of other tabs that use the same connection. */
const CLIENT = Math.random().toString(36).slice(2, 10);

function storedToken(): string {
  const token = globalThis.localStorage?.getItem('auth_token');
  if (!token) {
    throw new UnauthorizedError('There is no auth_token in localStorage, and no token was given.');
  }
  return token;
}

function added<T>(set: Set<T>, member: T): () => void {
  // Two registrations of one function are two: neither ends the other.
  const own = ((...args: never[]) => (member as (...args: never[]) => unknown)(...args)) as T;
  set.add(own);
  return () => void set.delete(own);
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (!done) {
      done = true;
      action();
    }
  };
}

function cleaned(payload: unknown, sanitize: (text: string) => string): unknown {
  return JSON.parse(JSON.stringify(payload), (_, value: unknown) =>
    typeof value === 'string' ? sanitize(value) : value,
  );
}
