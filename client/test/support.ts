import { createHmac, randomUUID } from 'node:crypto';
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { inject } from 'vitest';
import ws from 'ws';
import { type ClientOptions, type DomainEvent, RealtimeClient, type Snapshot } from '../src/index.js';

export const NodeWebSocket = ws;

export const HARBOR_HR = 'hr@harbor.example';
export const HARBOR_ADMIN = 'admin@harbor.example';
export const HARBOR_MEMBER = 'member@harbor.example';

export async function login(email: string): Promise<{ token: string; id: string; org: string }> {
  const response = await fetch(`${inject('apiUrl')}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email, password: 'bellhop-demo' }),
  });
  const body = (await response.json()) as { access_token: string; user: { id: string; org_id: string } };
  return { token: body.access_token, id: body.user.id, org: body.user.org_id };
}

export async function post<T = { id: string }>(
  token: string,
  path: string,
  body: unknown,
  origin = inject('apiUrl'),
): Promise<T> {
  const response = await fetch(`${origin}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  if (!response.ok) {
    throw new Error(`${path}: ${response.status} ${await response.text()}`);
  }
  return (await response.json()) as T;
}

export const createEntity = (token: string, name: string) =>
  post(token, '/api/v1/entities', { type: 'candidate', name });

/** The same token with another life, signed with the secret that the system was started with. */
export function shortLived(token: string, seconds: number): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const [header = '', body = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>;
  const now = Math.floor(Date.now() / 1000);
  const signed = `${header}.${encode({ ...claims, jti: randomUUID(), iat: now, nbf: now, exp: now + seconds })}`;
  return `${signed}.${createHmac('sha256', inject('jwtSecret')).update(signed).digest('base64url')}`;
}

export function clientOf(token: ClientOptions['token'], options: ClientOptions = {}): RealtimeClient {
  return new RealtimeClient({
    url: inject('realtimeUrl'),
    apiUrl: inject('apiUrl'),
    WebSocket: NodeWebSocket,
    token,
    ...options,
  });
}

/** Waits until something the client knows is true. */
export function state(client: RealtimeClient, look: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
  return new Promise((resolve) => {
    const again = () => {
      if (look(client.getSnapshot())) {
        stop();
        resolve(client.getSnapshot());
      }
    };
    const stop = client.subscribe(again);
    queueMicrotask(again);
  });
}

export const connected = (client: RealtimeClient) => state(client, ({ isConnected }) => isConnected);

/** All events of a client from now on, and a wait for one of them. */
export function recorded(client: RealtimeClient) {
  const events: DomainEvent[] = [];
  const wakers = new Set<() => void>();
  client.onMessage('*', (_, event) => {
    events.push(event);
    wakers.forEach((wake) => wake());
  });
  const until = (look: (event: DomainEvent) => boolean) =>
    new Promise<DomainEvent>((resolve) => {
      const again = () => {
        const found = events.find(look);
        if (found) {
          wakers.delete(again);
          resolve(found);
        }
      };
      wakers.add(again);
      again();
    });
  const named = (name: string) => until((event) => 'name' in event.payload && event.payload.name === name);
  const names = () =>
    events.filter((event) => event.type === 'entity.created').map((event) => (event.payload as { name: string }).name);
  return { events, until, named, names };
}

/** A line to the realtime service that can be cut, as a broken network would. */
export class Proxy {
  #server: Server;
  #sockets = new Set<Socket>();
  /** Lines that were opened, since the start. */
  opened = 0;
  refuses = false;

  private constructor(target: URL) {
    this.#server = createServer((client) => {
      if (this.refuses) {
        client.destroy();
        return;
      }
      this.opened++;
      const server = dial(Number(target.port), target.hostname);
      for (const [one, other] of [
        [client, server],
        [server, client],
      ] as const) {
        this.#sockets.add(one);
        one.on('error', () => other.destroy());
        one.on('close', () => {
          this.#sockets.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
    });
  }

  static async start(target: string): Promise<Proxy> {
    const proxy = new Proxy(new URL(target));
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Lines that are open. */
  get open(): number {
    return this.#sockets.size / 2;
  }

  cut(): void {
    this.#sockets.forEach((socket) => socket.destroy());
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
