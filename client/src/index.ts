export { type ClientOptions, type OnMessage, RealtimeClient, type RoomState, type Snapshot } from './client.js';
export { type CursorStore, memoryCursor, sessionCursor } from './cursor.js';
export { NotConnectedError, RefusedError, UnauthorizedError } from './errors.js';
export { escapeHtml } from './escapeHtml.js';
export * from './frames.js';
export type * from './generated/model.js';
export { CLOSE_CODES, EVENT_TYPES } from './generated/tables.js';
export type { Socket, SocketConstructor } from './line.js';
export type {
  ConnectionState,
  Outgoing,
  Reconnect,
  Sink,
  Source,
  SourceFactory,
  SourceOptions,
  Status,
  TokenProvider,
  TokenReason,
} from './source.js';
export type { Stats } from './stats.js';
