'use client';

import { useEffect, useLayoutEffect, useRef, useSyncExternalStore } from 'react';
import type { RoomState } from '../client.js';
import type { DomainEvent, EventName, EventOf, PayloadOf, ServerFrame, ServerFrameType } from '../frames.js';
import { useRealtimeClient } from './context.js';

export interface UseEvent {
  <N extends EventName>(type: N, handler: (payload: PayloadOf<N>, event: EventOf<N>) => void): void;
  (type: '*', handler: (payload: DomainEvent['payload'], event: DomainEvent) => void): void;
  <T extends ServerFrameType>(
    type: T,
    handler: (payload: ServerFrame<T>['payload'], frame: ServerFrame<T>) => void,
  ): void;
  <N extends string>(type: N, handler: (payload: PayloadOf<N>, event: EventOf<N>) => void): void;
}

/** Calls the handler of the latest render with each event of that type while the component is there. */
export const useEvent: UseEvent = (type: string, handler: (payload: never, event: never) => void): void => {
  const client = useRealtimeClient();
  const latest = useRef(handler);
  useLayoutEffect(() => {
    latest.current = handler;
  });
  useEffect(
    () => client.onMessage(type, (payload, event) => latest.current(payload as never, event as never)),
    [client, type],
  );
};

/**
 * Is in a room while the component is there. Components that name the same room share it.
 *
 * @param room null for none
 */
export function useRoom(room: string | null, { since }: { since?: string } = {}): RoomState {
  const client = useRealtimeClient();
  const from = useRef(since);
  useEffect(
    () =>
      room === null
        ? undefined
        : client.subscribeToRoom(room, from.current === undefined ? {} : { since: from.current }),
    [client, room],
  );
  const state = () => (room === null ? 'joining' : client.roomState(room));
  return useSyncExternalStore(client.subscribe, state, state);
}
