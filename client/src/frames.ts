import type { EventAliases, EventPayloads, ServerPayloads } from './generated/model.js';
import { EVENT_TYPES, ODD_ALIASES } from './generated/tables.js';
import type { Stats } from './stats.js';

/** What every frame of the server has. */
export interface Envelope<T extends string, P> {
  type: T;
  payload: P;
  /** UTC with six fractional digits; of a domain event, when it occurred. */
  timestamp: string;
  /** Where the stream stands after this frame; opaque. */
  cursor?: string;
}

export interface EventEnvelope<T extends string, P> extends Envelope<T, P> {
  /** UUIDv7, the same from the database to here. */
  id: string;
  rooms: string[];
  /** W3C Trace Context of the request that caused it. */
  traceparent?: string;
  /** An older event of a room that was joined late; has no cursor. */
  replay?: true;
}

/** A type that Bellhop itself emits. Others travel as well: anybody may broadcast `my.own`. */
export type EventType = keyof EventPayloads;

/** A type, or the first seed's spelling of it (`application_submitted`). */
export type EventName = EventType | keyof EventAliases;

/** Every event of Bellhop, told apart by `type`. */
export type DomainEvent<T extends EventType = EventType> = { [K in T]: EventEnvelope<K, EventPayloads[K]> }[T];

/** The dotted type that a name stands for. */
export type Canonical<N extends string> = N extends keyof EventAliases ? EventAliases[N] : N;

export type JsonObject = Record<string, unknown>;

/** What a handler of that name gets: the type's own payload, or any object for a type that Bellhop does not know. */
export type PayloadOf<N extends string> = Canonical<N> extends EventType ? EventPayloads[Canonical<N>] : JsonObject;

export type EventOf<N extends string> =
  Canonical<N> extends EventType ? DomainEvent<Canonical<N>> : EventEnvelope<string, JsonObject>;

interface AllServerPayloads extends ServerPayloads {
  stats: Stats;
}

export type ServerFrameType = keyof AllServerPayloads;

/** A frame of the server that is not in the log. */
export type ServerFrame<T extends ServerFrameType = ServerFrameType> = {
  [K in T]: Envelope<K, AllServerPayloads[K]> & { ref?: string };
}[T];

/** Everything that a server says. A newer server may say types that are not listed here. */
export type Frame = DomainEvent | ServerFrame;

const ALIASES = new Map<string, string>(Object.entries(ODD_ALIASES));
for (const type of EVENT_TYPES) {
  ALIASES.set(type.replace('.', '_'), type);
}

/** The dotted type that a name stands for; a name that is no alias stands for itself. */
export function canonicalName(name: string): string {
  return ALIASES.get(name) ?? name;
}

export function isEvent(frame: Frame): frame is DomainEvent {
  return 'id' in frame && 'rooms' in frame;
}
