import type { RealtimeClient } from '@bellhop/client';
import { ApiError, callApi } from '@bellhop/client/collection';
import { createContext, useContext } from 'react';
import type { Journal } from './journal';
import type { Session, User } from './session';

export interface App {
  client: RealtimeClient;
  journal: Journal;
  session: Session;
  user: User;
}

export const AppContext = createContext<App | null>(null);

export function useApp(): App {
  const app = useContext(AppContext);
  if (!app) {
    throw new Error('useApp is for pages inside the shell.');
  }
  return app;
}

/** A call of the realtime service, which serves this page; like `callApi` otherwise. */
export async function callRealtime<T>(
  client: RealtimeClient,
  method: string,
  path: string,
  body?: Record<string, unknown>,
): Promise<T> {
  const send = async (reason: 'connect' | 'expired') =>
    fetch(path, {
      method,
      headers: {
        Authorization: `Bearer ${await client.getToken(reason)}`,
        ...(body && { 'Content-Type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
  let response = await send('connect');
  if (response.status === 401) {
    response = await send('expired');
  }
  const text = await response.text();
  if (!response.ok) {
    throw new ApiError(response.status, JSON.parse(text || '{}') as ApiError['problem']);
  }
  return (text ? JSON.parse(text) : undefined) as T;
}

export { ApiError, callApi };

export const may = {
  review: (user: User) => user.role !== 'MEMBER',
  manageStaff: (user: User) => user.role === 'ADMIN',
  seeFigures: (user: User) => user.role === 'ADMIN' || user.role === 'HR',
  notify: (user: User) => user.role === 'ADMIN' || user.role === 'HR',
};
