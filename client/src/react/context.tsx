'use client';

import {
  type ReactNode,
  createContext,
  createElement,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import { type ClientOptions, RealtimeClient, type Snapshot } from '../client.js';

const Context = createContext<RealtimeClient | null>(null);

export interface WebSocketProviderProps extends ClientOptions {
  /** A client of your own. Else one is made from the other properties, as they are when the provider appears. */
  client?: RealtimeClient | undefined;
  /** Connect while the provider is there. Default true. */
  autoConnect?: boolean | undefined;
  children?: ReactNode;
}

/** Gives everything inside it one client, with one connection. */
export function WebSocketProvider({ client, autoConnect = true, children, ...options }: WebSocketProviderProps) {
  const [own] = useState(() => client ?? new RealtimeClient(options));
  const used = client ?? own;
  useEffect(() => (autoConnect ? used.retain() : undefined), [used, autoConnect]);
  return createElement(Context.Provider, { value: used }, children);
}

/** Clients of components that are in no provider, by address: they share one as well. */
const shared = new Map<string, RealtimeClient>();

function sharedClient(options: ClientOptions): RealtimeClient {
  const key = options.url ?? '';
  const client = shared.get(key) ?? new RealtimeClient(options);
  shared.set(key, client);
  return client;
}

/** The provider's client; outside of one, that of all components with the same `url`. */
export function useRealtimeClient(options: ClientOptions = {}): RealtimeClient {
  const provided = useContext(Context);
  const { url } = options;
  const first = useRef(options);
  return useMemo(() => provided ?? sharedClient({ ...first.current, url }), [provided, url]);
}

/** What the client knows of its connection; renders anew when that changes. */
export function useConnectionState(): Snapshot {
  const client = useRealtimeClient();
  return useSyncExternalStore(client.subscribe, client.getSnapshot, client.getSnapshot);
}
