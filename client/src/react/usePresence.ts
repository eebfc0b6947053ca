'use client';

import { useEffect, useState } from 'react';
import type { PresentUser } from '../generated/model.js';
import { useConnectionState, useRealtimeClient } from './context.js';

/** Who is in a room now, by user, oldest first; the server tells of changes within a second. Empty while not connected. */
export function usePresence(room: string): readonly PresentUser[] {
  const client = useRealtimeClient();
  const { isConnected, session } = useConnectionState();
  const [users, setUsers] = useState<readonly PresentUser[]>([]);
  const connection = session?.connection_id;
  useEffect(() => {
    if (!isConnected) {
      return undefined;
    }
    let current = true;
    const ask = () => {
      client.presence(room).then(
        (present) => current && setUsers(present.users),
        () => current && setUsers([]), // refused, or the connection is gone: the next one asks again
      );
    };
    const stops = [
      client.onMessage('presence.joined', (change) => change.room === room && ask()),
      client.onMessage('presence.left', (change) => {
        if (change.room === room) {
          const gone = new Set(change.users.map((user) => user.user_id));
          setUsers((now) => now.filter((user) => !gone.has(user.user_id)));
        }
      }),
      () => setUsers([]),
    ];
    ask();
    return () => {
      current = false;
      stops.forEach((stop) => stop());
    };
  }, [client, room, isConnected, connection]);
  return users;
}
