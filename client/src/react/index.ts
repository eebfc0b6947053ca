'use client';

export { useConnectionState, useRealtimeClient, WebSocketProvider, type WebSocketProviderProps } from './context.js';
export { type UseEvent, useEvent, useRoom } from './events.js';
export {
  type DashboardNotification,
  type DashboardNotifications,
  useDashboardNotifications,
} from './useDashboardNotifications.js';
export { type UseLiveCollection, useLiveCollection } from './useLiveCollection.js';
export { usePresence } from './usePresence.js';
export { type UseWebSocketOptions, useWebSocket, type WebSocketHandle } from './useWebSocket.js';
