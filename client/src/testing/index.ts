import { callApi, newTrace } from '../collection/api.js';
import { RealtimeClient } from '../client.js';
import { UnauthorizedError } from '../errors.js';
import { type DomainEvent, type EventName, type PayloadOf, canonicalName } from '../frames.js';
import type { SocketConstructor } from '../line.js';
import type { TokenReason } from '../source.js';

export interface TestKitOptions {
  /** The REST API, `http://127.0.0.1:8080`. */
  apiUrl: string;
  /** The realtime service, `http://127.0.0.1:8081`. */
  url: string;
  /** How long an event may take, in milliseconds. Default 5,000. */
  timeoutMs?: number;
  /** For runtimes that have none of their own, such as Node 20: that of the package `ws`. */
  WebSocket?: SocketConstructor;
}

interface Login {
  access_token: string;
  refresh_token: string;
  expires_in: number;
  user: { id: string; email: string; name: string; role: string; org_id: string };
}

/** What fences are called, and how a kit tells its own from everything else. */
const FENCE = 'fence of a test';

/** Somebody who is logged in and listens. */
export class TestUser {
  readonly id: string;
  readonly orgId: string;
  readonly email: string;
  readonly role: string;
  readonly client: RealtimeClient;
  /** Every event since the login or the last `clear()`, oldest first, without what the kit did for itself. */
  readonly received: DomainEvent[] = [];
  /** Those of them that a test has expected. */
  readonly expected = new Set<DomainEvent>();
  /** Whether it has written since the last fence. */
  hasActed = false;
  #wakers = new Set<() => void>();
  #fences = new Set<string>();

  constructor(
    readonly kit: TestKit,
    login: Login,
    client: RealtimeClient,
  ) {
    this.id = login.user.id;
    this.orgId = login.user.org_id;
    this.email = login.user.email;
    this.role = login.user.role;
    this.client = client;
    client.onMessage('*', (_, event) => {
      const trace = event.traceparent?.slice(3, 35) ?? '';
      if (kit.fences.has(trace)) {
        this.#fences.add(trace);
      } else {
        this.received.push(event);
      }
      this.#wakers.forEach((wake) => wake());
    });
  }

  /** Forgets everything that came so far. */
  clear(): void {
    this.received.length = 0;
    this.expected.clear();
  }

  /** Waits for something to become true with an event, or for the end of the kit's time. */
  async until<T>(look: () => T | undefined | false, otherwise: () => string): Promise<T> {
    let wake: (() => void) | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      return await new Promise<T>((resolve, reject) => {
        const again = () => {
          const found = look();
          if (found) {
            resolve(found);
          }
        };
        wake = again;
        this.#wakers.add(again);
        timer = setTimeout(() => reject(new Error(otherwise())), this.kit.timeoutMs);
        again();
      });
    } finally {
      clearTimeout(timer);
      if (wake) {
        this.#wakers.delete(wake);
      }
    }
  }

  hasSeenFence(trace: string): boolean {
    return this.#fences.has(trace);
  }

  close(): void {
    this.client.disconnect();
  }
}

/** Users of a running Bellhop, who act and see what the others see. */
export class TestKit {
  readonly timeoutMs: number;
  /** Trace ids of writes that only mark a place in the stream. */
  readonly fences = new Set<string>();
  readonly #options: TestKitOptions;
  readonly #users: TestUser[] = [];

  constructor(options: TestKitOptions) {
    this.#options = options;
    this.timeoutMs = options.timeoutMs ?? 5000;
  }

  /** Logs somebody in and waits until they are connected. */
  async login(email: string, password: string): Promise<TestUser> {
    let login = await this.#session('login', { email, password });
    const { apiUrl, url, WebSocket } = this.#options;
    const client = new RealtimeClient({
      url,
      apiUrl,
      WebSocket,
      token: async ({ reason }: { reason: TokenReason }) => {
        if (reason !== 'connect') {
          login = await this.#session('refresh', { refresh_token: login.refresh_token });
        }
        return login.access_token;
      },
    });
    const user = new TestUser(this, login, client);
    this.#users.push(user);
    client.connect();
    await new Promise<void>((resolve, reject) => {
      const stop = client.subscribe(() => {
        const { isConnected, state, ended } = client.getSnapshot();
        if (isConnected || state === 'stopped') {
          stop();
          clearTimeout(timer);
          isConnected ? resolve() : reject(new Error(`${email} was not let in: ${ended?.reason}`));
        }
      });
      const timer = setTimeout(() => {
        stop();
        reject(new Error(`${email} did not get a connection to ${url}`));
      }, this.timeoutMs);
    });
    return user;
  }

  async #session(what: 'login' | 'refresh', body: unknown): Promise<Login> {
    const response = await fetch(`${this.#options.apiUrl}/api/v1/auth/${what}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) {
      throw new UnauthorizedError(`${what}: HTTP ${response.status} ${await response.text()}`);
    }
    return (await response.json()) as Login;
  }

  /** Those who have written since the last fence, and the one who looks. */
  actors(witness: TestUser): TestUser[] {
    return [...new Set([...this.#users.filter((user) => user.hasActed), witness])];
  }

  /** Closes all connections. */
  close(): void {
    this.#users.splice(0).forEach((user) => user.close());
  }
}

/** An answer of the REST API, where a test does not say what it is. */
export type Body = { id: string } & Record<string, any>;

/** The REST API as that user. Paths begin after `/api/v1`. */
export interface Acting {
  get<T = Body>(path: string): Promise<T>;
  post<T = Body>(path: string, body?: unknown): Promise<T>;
  put<T = Body>(path: string, body?: unknown): Promise<T>;
  patch<T = Body>(path: string, body?: unknown): Promise<T>;
  delete(path: string): Promise<void>;
}

/** Acts as a user: `await asUser(ola).post('/shares', { … })`. */
export function asUser(user: TestUser): Acting {
  const call =
    (method: string) =>
    <T>(path: string, body?: unknown) => {
      user.hasActed ||= method !== 'GET';
      return callApi<T>(user.client, method, path.replace(/^\/api\/v1/, ''), { body });
    };
  return { get: call('GET'), post: call('POST'), put: call('PUT'), patch: call('PATCH'), delete: call('DELETE') };
}

type DeepPartial<T> = T extends object ? { [K in keyof T]?: DeepPartial<T[K]> } : T;

export interface Expecting {
  /**
   * Waits for an event of that type whose payload has these fields, and that was not expected before.
   *
   * @throws Error that lists what came instead
   */
  toReceive<N extends EventName | (string & {})>(
    type: N,
    payload?: DeepPartial<PayloadOf<N>> | ((payload: PayloadOf<N>) => boolean),
  ): Promise<DomainEvent>;
  /**
   * That no event came, or none of that type, but those that were expected. Waits until everything that the kit's users did
   * so far has gone through the stream: each of them creates and deletes an entity, which no `received` shows.
   */
  toReceiveNothing(type?: EventName | (string & {})): Promise<void>;
}

export function expect(user: TestUser): Expecting {
  return {
    async toReceive(type, payload) {
      const name = canonicalName(type);
      const fits = (event: DomainEvent) =>
        event.type === name &&
        !user.expected.has(event) &&
        (typeof payload === 'function' ? payload(event.payload as never) : contains(event.payload, payload ?? {}));
      const event = await user.until(
        () => user.received.find(fits),
        () =>
          `${user.email} did not receive ${name} ${JSON.stringify(payload ?? {})}. It received:${listed(user.received)}`,
      );
      user.expected.add(event);
      return event;
    },
    async toReceiveNothing(type) {
      await passFences(user);
      const name = type === undefined ? undefined : canonicalName(type);
      const unexpected = user.received.filter(
        (event) => !user.expected.has(event) && (name === undefined || event.type === name),
      );
      if (unexpected.length > 0) {
        throw new Error(`${user.email} should have received nothing, and received:${listed(unexpected)}`);
      }
    },
  };
}

/** An organisation's events come in the order of their writes: whoever has seen the last of them has seen all. */
async function passFences(witness: TestUser): Promise<void> {
  for (const actor of witness.kit.actors(witness)) {
    actor.hasActed = false;
    const seer = actor.orgId === witness.orgId ? witness : actor;
    const created = newTrace();
    const deleted = newTrace();
    witness.kit.fences.add(created.traceId).add(deleted.traceId);
    const entity = await callApi<{ id: string }>(actor.client, 'POST', '/entities', {
      body: { type: 'custom', name: FENCE },
      traceparent: created.traceparent,
    });
    await callApi(actor.client, 'DELETE', `/entities/${entity.id}`, { traceparent: deleted.traceparent });
    await seer.until(
      () => seer.hasSeenFence(deleted.traceId),
      () => `${seer.email} is cut off from the stream: it did not see a fence of ${actor.email}`,
    );
  }
}

function contains(actual: unknown, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) {
    return Object.is(actual, wanted);
  }
  return (
    typeof actual === 'object' &&
    actual !== null &&
    Object.entries(wanted).every(([name, value]) => contains((actual as Record<string, unknown>)[name], value))
  );
}

function listed(events: readonly DomainEvent[]): string {
  return events.length === 0
    ? ' nothing'
    : events.map((event) => `\n  ${event.type} ${JSON.stringify(event.payload)}`).join('');
}
