import { type TokenProvider, UnauthorizedError } from '@bellhop/client';
import { useSyncExternalStore } from 'react';

export type Role = 'ADMIN' | 'HR' | 'MANAGER' | 'MEMBER';

export interface User {
  id: string;
  email: string;
  name: string;
  role: Role;
  org_id: string;
  property_ids: string[];
  department_id: string | null;
}

interface Login {
  access_token: string;
  refresh_token: string;
  user: User;
}

const KEY = 'bellhop.session';

/** A token that ends sooner than this is renewed before it is used. */
const SPARE_MS = 10_000;

/** The API said no. */
export class LoginError extends Error {
  override name = 'LoginError';
}

/**
 * Who is logged in, for all tabs of this browser. A refresh token is good for one use, so one tab at a time renews and the
 * others take what it got.
 */
export class Session {
  readonly #apiUrl: string;
  #login: Login | null = read();
  #watchers = new Set<() => void>();

  constructor(apiUrl: string) {
    this.#apiUrl = apiUrl;
    window.addEventListener('storage', ({ key }) => {
      if (key === KEY || key === null) {
        this.#set(read());
      }
    });
  }

  subscribe = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  };

  getUser = (): User | null => this.#login?.user ?? null;

  async logIn(email: string, password: string): Promise<void> {
    this.#keep(await this.#post('login', { email, password }));
  }

  /** Also on the server, which closes the sockets of this session. Works without a connection, too: then only here. */
  async logOut(): Promise<void> {
    const login = this.#login;
    this.#keep(null);
    if (login) {
      await this.#post('logout', { refresh_token: login.refresh_token }).catch(() => undefined);
    }
  }

  /** For the client: asked before each attempt to connect and by each call of the API. */
  token: TokenProvider = async ({ reason }) => {
    const login = this.#login;
    if (!login) {
      throw new UnauthorizedError('Nobody is logged in.');
    }
    if (reason === 'connect' && expiry(login.access_token) - Date.now() > SPARE_MS) {
      return login.access_token;
    }
    return this.renew(login.access_token);
  };

  /** @param spent the access token that is of no use any more */
  async renew(spent = this.#login?.access_token): Promise<string> {
    return exclusively(async () => {
      const login = read();
      if (login && login.access_token !== spent) {
        this.#set(login); // another tab was faster
        return login.access_token;
      }
      if (!login) {
        this.#set(null);
        throw new UnauthorizedError('Nobody is logged in.');
      }
      try {
        const renewed = await this.#post('refresh', { refresh_token: login.refresh_token });
        this.#keep(renewed);
        return renewed.access_token;
      } catch (error) {
        if (error instanceof LoginError) {
          this.#keep(null);
          throw new UnauthorizedError(error.message);
        }
        throw error; // nobody answers: later
      }
    });
  }

  /** @throws LoginError when the answer is no; anything else when there is none */
  async #post(action: string, body: unknown): Promise<Login> {
    const response = await fetch(`${this.#apiUrl}/api/v1/auth/${action}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (response.ok) {
      return (response.status === 204 ? null : await response.json()) as Login;
    }
    const problem = (await response.json().catch(() => ({}))) as { detail?: string };
    const message = problem.detail ?? `The API answered ${response.status}.`;
    throw response.status < 500 ? new LoginError(message) : new Error(message);
  }

  #keep(login: Login | null): void {
    if (login) {
      localStorage.setItem(KEY, JSON.stringify(login));
    } else {
      localStorage.removeItem(KEY);
    }
    this.#set(login);
  }

  #set(login: Login | null): void {
    const user = JSON.stringify(login?.user) === JSON.stringify(this.#login?.user) ? this.#login?.user : login?.user;
    this.#login = login && user ? { ...login, user } : null; // the same object while it says the same
    this.#watchers.forEach((watcher) => watcher());
  }
}

function read(): Login | null {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? 'null') as Login | null;
    return kept?.access_token && kept.user?.id ? kept : null;
  } catch {
    return null; // written by something else: log in again
  }
}

/** When a token ends, in milliseconds since 1970; 0 where that cannot be read. */
function expiry(token: string): number {
  try {
    const claims = JSON.parse(atob((token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/'))) as {
      exp: number;
    };
    return claims.exp * 1000;
  } catch {
    return 0;
  }
}

/** One tab at a time, where the browser can (a page that came by plain http from another machine has no locks). */
let turn: Promise<unknown> = Promise.resolve();
function exclusively<T>(work: () => Promise<T>): Promise<T> {
  if (navigator.locks) {
    return navigator.locks.request(KEY, work) as Promise<T>;
  }
  const result = turn.then(work, work);
  turn = result.catch(() => undefined);
  return result;
}

export function useUser(session: Session): User | null {
  return useSyncExternalStore(session.subscribe, session.getUser);
}
