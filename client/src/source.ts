import type { CursorStore } from './cursor.js';
import type { ClientMessage, Connected } from './generated/model.js';
import type { Frame, JsonObject } from './frames.js';
import type { SocketConstructor } from './line.js';

/**
 * - `idle`: not started, or told to stop
 * - `connecting`: the first connection is under way
 * - `connected`: the server has said `connected`
 * - `reconnecting`: it was lost, and the client comes back by itself
 * - `stopped`: it ended for good, see `ended`; `connect()` tries again
 */
export type ConnectionState = 'idle' | 'connecting' | 'connected' | 'reconnecting' | 'stopped';

export interface Status {
  readonly state: ConnectionState;
  /** `shared`: another tab of this browser holds the connection. */
  readonly transport: 'websocket' | 'sse' | 'shared' | null;
  /** What the server said when it last let this client in. */
  readonly session: Connected | null;
  /** Joined now. */
  readonly rooms: readonly string[];
  /** Asked for, and refused by the server. */
  readonly refused: readonly string[];
  /** Attempts since the last connection that stayed for 10 s. */
  readonly attempt: number;
  /** When the next attempt is due, in milliseconds since 1970. */
  readonly retryAt: number | null;
  /** How the last connection ended. */
  readonly ended: { readonly code: number; readonly reason: string } | null;
}

export const IDLE: Status = {
  state: 'idle',
  transport: null,
  session: null,
  rooms: [],
  refused: [],
  attempt: 0,
  retryAt: null,
  ended: null,
};

/** Why a token is asked for: to connect, because the one in use soon ends, or because it has ended. */
export type TokenReason = 'connect' | 'expiring' | 'expired';

/** Asked before each attempt. Throw `UnauthorizedError` when there is nobody to log in as. */
export type TokenProvider = (context: { reason: TokenReason }) => string | Promise<string>;

export interface Reconnect {
  /** False: the first loss is the end. Default true. */
  enabled?: boolean;
  /** Attempts in a row before it gives up. Default: no limit. */
  maxAttempts?: number;
}

/** What a source of frames works with. */
export interface SourceOptions {
  base: string;
  token: TokenProvider;
  cursor: CursorStore;
  transports: readonly ('websocket' | 'sse')[];
  /** Live: may change while the source runs. */
  reconnect(): Reconnect;
  WebSocket: SocketConstructor | undefined;
  fetch: typeof fetch;
  report(error: unknown, during: string): void;
}

/** A message, or any text, to see what the server makes of it. */
export type Outgoing = ClientMessage | (JsonObject & { type?: unknown }) | string;

export interface Sink {
  frame(frame: Frame): void;
  status(status: Status): void;
  /** A frame that the client sent. */
  sent(message: Outgoing): void;
}

/** Where a client's frames come from: a connection of its own, or that of another tab. */
export interface Source {
  start(): void;
  stop(): void;
  /** @returns false when nothing can carry it now; it is not kept for later */
  send(message: Outgoing): boolean;
  /** Gives the connection up and comes back, or comes back at once where it waits. */
  restart(): void;
  /** All rooms to be in beside those that the server joins by itself, with the cursor from which to replay, if any. */
  setRooms(rooms: ReadonlyMap<string, string | undefined>): void;
}

export type SourceFactory = (options: SourceOptions, sink: Sink) => Source;
