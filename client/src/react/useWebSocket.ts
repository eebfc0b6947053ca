'use client';

import { useEffect, useSyncExternalStore } from 'react';
import type { ClientOptions, RealtimeClient, Snapshot } from '../client.js';
import type { ConnectionState } from '../source.js';
import { useRealtimeClient } from './context.js';

export interface UseWebSocketOptions extends ClientOptions {
  /** Connect while the component is there. Default true. */
  autoConnect?: boolean | undefined;
}

export interface WebSocketHandle extends Pick<
  RealtimeClient,
  | 'onMessage'
  | 'onFrame'
  | 'onResync'
  | 'subscribeToRoom'
  | 'roomState'
  | 'sendMessage'
  | 'request'
  | 'stats'
  | 'presence'
  | 'connect'
  | 'disconnect'
  | 'restart'
> {
  isConnected: boolean;
  connectionState: ConnectionState;
  /** Attempts since the last connection that lasted. */
  reconnectAttempt: number;
  /** How the last connection ended. */
  lastError: Snapshot['ended'];
  client: RealtimeClient;
}

/**
 * The connection of the provider, or, outside of one, of all components with the same `url`. The functions it returns stay
 * the same from render to render. Of the options a provider's client takes over `reconnect`, from the component that
 * appeared last.
 */
export function useWebSocket({ autoConnect = true, ...options }: UseWebSocketOptions = {}): WebSocketHandle {
  const client = useRealtimeClient(options);
  const { enabled, maxAttempts } = options.reconnect ?? {};
  useEffect(() => {
    if (enabled !== undefined || maxAttempts !== undefined) {
      client.setReconnect({
        ...(enabled !== undefined && { enabled }),
        ...(maxAttempts !== undefined && { maxAttempts }),
      });
    }
  }, [client, enabled, maxAttempts]);
  useEffect(() => (autoConnect ? client.retain() : undefined), [client, autoConnect]);
  const { isConnected, state, attempt, ended } = useSyncExternalStore(
    client.subscribe,
    client.getSnapshot,
    client.getSnapshot,
  );
  return {
    isConnected,
    connectionState: state,
    reconnectAttempt: attempt,
    lastError: ended,
    client,
    onMessage: client.onMessage,
    onFrame: client.onFrame,
    onResync: client.onResync,
    subscribeToRoom: client.subscribeToRoom,
    roomState: client.roomState,
    sendMessage: client.sendMessage,
    request: client.request,
    stats: client.stats,
    presence: client.presence,
    connect: client.connect,
    disconnect: client.disconnect,
    restart: client.restart,
  };
}
