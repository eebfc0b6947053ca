import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { escapeHtml, type RealtimeClient, type RefusedError, sessionCursor } from '../../src/index.js';
import {
  HARBOR_ADMIN,
  HARBOR_HR,
  HARBOR_MEMBER,
  NodeWebSocket,
  Proxy,
  clientOf,
  connected,
  createEntity,
  login,
  post,
  recorded,
  shortLived,
  state,
} from '../support.js';

const open: { disconnect(): void }[] = [];
const proxies: Proxy[] = [];

function opened(client: RealtimeClient): RealtimeClient {
  open.push(client);
  client.connect();
  return client;
}

async function proxied(): Promise<Proxy> {
  const proxy = await Proxy.start(inject('realtimeUrl'));
  proxies.push(proxy);
  return proxy;
}

let hr: { token: string; id: string };

beforeAll(async () => {
  hr = await login(HARBOR_HR);
});

afterEach(async () => {
  open.splice(0).forEach((client) => client.disconnect());
  await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
});

describe('a connection', () => {
  it('resumes after a cut: nothing is missed, nothing comes twice, and the order holds', async () => {
    const proxy = await proxied();
    const client = opened(clientOf(hr.token, { url: proxy.url }));
    const { named, names } = recorded(client);
    await connected(client);
    const expected: string[] = [];
    for (let round = 0; round < 3; round++) {
      await createEntity(hr.token, `seen ${round}`);
      await named(`seen ${round}`);
      proxy.refuses = true;
      proxy.cut();
      await state(client, (snapshot) => snapshot.state === 'reconnecting');
      await createEntity(hr.token, `missed ${round}a`);
      await createEntity(hr.token, `missed ${round}b`);
      proxy.refuses = false;
      client.restart();
      await named(`missed ${round}b`);
      expect(client.getSnapshot().session?.recovered).toBe(true);
      expected.push(`seen ${round}`, `missed ${round}a`, `missed ${round}b`);
    }
    expect(names()).toEqual(expected);
  });

  it('comes back by itself', async () => {
    const proxy = await proxied();
    const client = opened(clientOf(hr.token, { url: proxy.url }));
    await connected(client);
    proxy.cut();
    const waiting = await state(client, (snapshot) => snapshot.state === 'reconnecting');
    expect(waiting).toMatchObject({ attempt: 1, isConnected: false, ended: { code: 1006 } });
    expect((waiting.retryAt ?? Infinity) - Date.now()).toBeLessThanOrEqual(1000);
    await connected(client);
  });

  it('resumes in another client from a kept cursor, as after a reload', async () => {
    const kept = new Map<string, string>();
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    } as Storage;
    const before = opened(clientOf(hr.token, { cursor: sessionCursor('c', storage) }));
    await connected(before);
    before.disconnect();
    await createEntity(hr.token, 'during the reload');
    const after = clientOf(hr.token, { cursor: sessionCursor('c', storage) });
    const { named } = recorded(after);
    opened(after);
    await named('during the reload');
    expect(after.getSnapshot().session?.recovered).toBe(true);
  });

  it('says when something may be missing for good', async () => {
    const client = clientOf(hr.token, { cursor: { get: () => '1.nonsense.5.0badf00d', set: () => {} } });
    const reason = new Promise<string>((resolve) => client.onResync(resolve));
    opened(client);
    expect(['epoch_changed', 'invalid_cursor']).toContain(await reason);
  });

  it('lives through the end of its token without a break', async () => {
    const reasons: string[] = [];
    const client = clientOf(({ reason }) => {
      reasons.push(reason);
      return shortLived(hr.token, 3);
    });
    const states: string[] = [];
    client.subscribe(() => states.push(client.getSnapshot().state));
    opened(client);
    await connected(client);
    const first = client.getSnapshot().session;
    await new Promise<void>((resolve) => {
      let renewals = 0;
      client.onMessage('refreshed', () => ++renewals === 3 && resolve());
    });
    const { named } = recorded(client);
    await createEntity(hr.token, 'after three tokens');
    await named('after three tokens');
    expect(reasons.slice(0, 4)).toEqual(['connect', 'expiring', 'expiring', 'expiring']);
    expect(new Set(states)).toEqual(new Set(['connecting', 'connected']));
    expect(client.getSnapshot().session?.connection_id).toBe(first?.connection_id);
    expect(Date.parse(client.getSnapshot().session?.token_expires_at ?? '')).toBeGreaterThan(
      Date.parse(first?.token_expires_at ?? ''),
    );
  });

  it('fetches a new token when the old one has ended, and goes on where it was', async () => {
    const reasons: string[] = [];
    const client = clientOf(
      ({ reason }) => {
        reasons.push(reason);
        if (reason === 'expiring') {
          throw new Error('not now');
        }
        return reason === 'connect' ? shortLived(hr.token, 2) : hr.token;
      },
      { onError: () => {} },
    );
    const { named, names } = recorded(client);
    opened(client);
    await connected(client);
    await state(client, (snapshot) => snapshot.ended?.reason === 'token_expired');
    await createEntity(hr.token, 'while it was away');
    await named('while it was away');
    expect(reasons.at(-1)).toBe('expired');
    expect(names()).toEqual(['while it was away']);
  });

  it('stops when the token has expired and there is no other', async () => {
    const client = opened(clientOf(shortLived(hr.token, 1)));
    await connected(client);
    const end = await state(client, (snapshot) => snapshot.state === 'stopped');
    expect(end.ended).toEqual({ code: 1008, reason: 'token_expired' });
  });

  it('stops for a bad token and for nobody, and says why', async () => {
    const bad = opened(clientOf('not.a.token'));
    expect((await state(bad, (snapshot) => snapshot.state === 'stopped')).ended).toEqual({
      code: 1008,
      reason: 'token_invalid',
    });
    const stream = opened(clientOf('not.a.token', { transports: ['sse'] }));
    expect((await state(stream, (snapshot) => snapshot.state === 'stopped')).ended).toEqual({
      code: 1008,
      reason: 'token_invalid',
    });
  });

  it('stops when an administrator ends it', async () => {
    const member = await login(HARBOR_MEMBER);
    const admin = await login(HARBOR_ADMIN);
    const client = opened(clientOf(member.token));
    const { session } = await connected(client);
    await fetch(`${inject('realtimeUrl')}/ws/connections/${session?.connection_id}`, {
      method: 'DELETE',
      headers: { Authorization: `Bearer ${admin.token}` },
    });
    expect((await state(client, (snapshot) => snapshot.state === 'stopped')).ended).toEqual({
      code: 4503,
      reason: 'kicked',
    });
  });

  it('gives up after as many attempts as it was allowed', async () => {
    const proxy = await proxied();
    proxy.refuses = true;
    const client = opened(clientOf(hr.token, { url: proxy.url, reconnect: { maxAttempts: 1 } }));
    expect(await state(client, (snapshot) => snapshot.state === 'stopped')).toMatchObject({
      attempt: 1,
      ended: { code: 1006 },
    });
  });

  it('goes over server-sent events where WebSockets do not get through', async () => {
    class Blocked extends NodeWebSocket {
      constructor(_: string, protocols: string[]) {
        super('ws://127.0.0.1:1/nobody-listens-here', protocols);
      }
    }
    const client = clientOf(hr.token, { WebSocket: Blocked });
    const { named, names } = recorded(client);
    opened(client);
    expect((await connected(client)).transport).toBe('sse');
    const property = await post(hr.token, '/api/v1/properties', { name: 'By stream' });
    const leave = client.subscribeToRoom(`property-${property.id}`);
    await state(client, (snapshot) => snapshot.isConnected && snapshot.rooms.includes(`property-${property.id}`));
    expect(client.getSnapshot().session?.recovered).toBe(true);
    await createEntity(hr.token, 'by stream');
    await named('by stream');
    client.restart();
    await createEntity(hr.token, 'while it was away');
    await named('while it was away');
    expect(names()).toEqual(['by stream', 'while it was away']);
    leave();
  });

  it('answers requests, and says no where the server does', async () => {
    const member = await login(HARBOR_MEMBER);
    const [asHr, asMember] = [opened(clientOf(hr.token)), opened(clientOf(member.token))];
    await Promise.all([connected(asHr), connected(asMember)]);
    const stats = await asHr.stats();
    expect(stats).toMatchObject({
      connections: expect.any(Number),
      rooms: expect.any(Number),
      uptime_s: expect.any(Number),
    });
    await expect(asMember.stats()).rejects.toMatchObject({
      name: 'RefusedError',
      code: 'forbidden',
    } satisfies Partial<RefusedError>);
    const present = await asHr.presence('org');
    expect(present.users.map((user) => user.user_id)).toEqual(expect.arrayContaining([hr.id, member.id]));
    asMember.disconnect();
    await expect(asMember.stats()).rejects.toThrow(/no answer/);
  });
});

describe('rooms', () => {
  it('are counted, named again after a loss, and left by the last', async () => {
    const property = await post(hr.token, '/api/v1/properties', { name: 'Counted' });
    const room = `property-${property.id}`;
    const proxy = await proxied();
    const client = opened(clientOf(hr.token, { url: proxy.url }));
    const said: unknown[] = [];
    client.onFrame((frame, direction) => direction === 'out' && said.push(frame));
    await connected(client);
    const [leaveFirst, leaveSecond] = [client.subscribeToRoom(room), client.subscribeToRoom(room)];
    expect(client.roomState(room)).toBe('joining');
    await state(client, (snapshot) => snapshot.rooms.includes(room));
    proxy.cut();
    await state(client, (snapshot) => snapshot.state === 'reconnecting');
    expect((await connected(client)).session?.rooms).toContain(room);
    leaveFirst();
    leaveFirst();
    expect(client.roomState(room)).toBe('joined');
    leaveSecond();
    await state(client, (snapshot) => !snapshot.rooms.includes(room));
    expect(said.filter((frame) => (frame as { type?: string }).type === 'subscribe')).toHaveLength(1);
  });

  it('that the server refuses are told, and cost no more', async () => {
    const member = await login(HARBOR_MEMBER);
    const client = opened(clientOf(member.token));
    client.subscribeToRoom('global');
    await state(client, (snapshot) => snapshot.refused.includes('global'));
    client.subscribeToRoom('property-7');
    await state(client, (snapshot) => snapshot.refused.includes('property-7'));
    expect(client.roomState('property-7')).toBe('refused');
    expect(client.getSnapshot().isConnected).toBe(true);
  });

  it('joined with a cursor bring what happened since', async () => {
    const client = opened(clientOf(hr.token));
    const { events, until } = recorded(client);
    const { session } = await connected(client);
    const start = await new Promise<string>((resolve) => {
      client.onMessage('entity.created', (_, event) => resolve(event.cursor ?? ''));
      void createEntity(hr.token, 'a place in the stream');
    });
    const room = `property-${crypto.randomUUID()}`;
    const admin = await login(HARBOR_ADMIN);
    await post(admin.token, '/ws/broadcast', { room, type: 'my.own', payload: { n: 1 } }, inject('realtimeUrl'));
    client.subscribeToRoom(room, { since: start });
    const event = await until(({ rooms }) => rooms.includes(room));
    expect(event).toMatchObject({ replay: true, payload: { n: 1 } });
    expect(session?.rooms).not.toContain(room);
    client.restart();
    await connected(client);
    await createEntity(hr.token, 'behind it');
    await until((other) => other.type === 'entity.created' && other.payload.name === 'behind it');
    expect(events.filter(({ rooms }) => rooms.includes(room))).toHaveLength(1);
  });

  it('of a hundred components are joined within the server’s limit of messages', async () => {
    const earlier = opened(clientOf(hr.token));
    const since = await new Promise<string>((resolve) => {
      earlier.onMessage('connected', (_, { cursor = '' }) => resolve(cursor));
    });
    const client = clientOf(hr.token);
    const refusals: unknown[] = [];
    let replays = 0;
    client.onMessage('error', (error) => refusals.push(error));
    const replayed = new Promise<void>((resolve) => {
      client.onMessage('caught_up', () => ++replays === 45 && resolve());
    });
    const rooms = Array.from({ length: 90 }, () => `property-${crypto.randomUUID()}`);
    rooms.slice(0, 45).forEach((room) => client.subscribeToRoom(room, { since }));
    opened(client);
    await connected(client);
    rooms.slice(45).forEach((room) => client.subscribeToRoom(room));
    await replayed;
    await state(client, (snapshot) => rooms.every((room) => snapshot.rooms.includes(room)));
    expect(refusals).toEqual([]);
  });
});

describe('what listeners get', () => {
  it('is the same in both spellings, and no listener harms another', async () => {
    const errors: string[] = [];
    const client = clientOf(hr.token, {
      onError: (error, during) => errors.push(`${during}: ${(error as Error).message}`),
    });
    const got: string[] = [];
    client.onMessage('entity.created', () => {
      throw new Error('first');
    });
    client.onMessage('entity.created', async () => {
      throw new Error('second');
    });
    client.onMessage('entity_created', ({ name }) => got.push(name));
    const stop = client.onMessage('entity_created', () => got.push('stopped'));
    stop();
    stop();
    const { named } = recorded(client);
    opened(client);
    await connected(client);
    await createEntity(hr.token, 'listened to');
    await named('listened to');
    await Promise.resolve();
    expect(got).toEqual(['listened to']);
    expect(errors.sort()).toEqual(['onMessage entity.created: first', 'onMessage entity.created: second']);
    expect(client.getSnapshot().isConnected).toBe(true);
  });

  it('is text, whatever is in it: a hundred hostile strings', async () => {
    const marks = [
      '<img src=x onerror=alert(1)>',
      '<script>alert(1)</script>',
      '"><svg onload=alert(1)>',
      "';alert(1)//",
      '</script><b>',
      '\u202Eevil',
      '{{7*7}}',
      '${7*7}',
      '\u2028\u2029',
      '__proto__',
    ];
    const hostile = Array.from({ length: 100 }, (_, n) => `${n} ${marks[n % marks.length]} ${n}`);
    const plain = clientOf(hr.token);
    const escaping = clientOf(hr.token, { sanitize: escapeHtml });
    const { events, until } = recorded(plain);
    const escaped = recorded(escaping);
    opened(plain);
    opened(escaping);
    await Promise.all([connected(plain), connected(escaping)]);
    const response = await post<{ items?: unknown[] }>(
      hr.token,
      '/api/v1/entities/batch',
      hostile.map((notes, n) => ({ type: 'lead', name: `hostile ${n}`, notes })),
    );
    expect(response).toBeTruthy();
    const last = (event: { payload: object }) => (event.payload as { name?: string }).name === 'hostile 99';
    await Promise.all([until(last), escaped.until(last)]);
    const notes = events
      .filter((event) => event.type === 'entity.created')
      .map((event) => (event.payload as { notes: string }).notes);
    expect(notes).toHaveLength(100);
    notes.forEach((text, n) => {
      expect(text).toBeTypeOf('string');
      expect(text.startsWith(`${n} `) && text.endsWith(` ${n}`)).toBe(true);
      expect(text).not.toMatch(/<script|<img|<svg|<b>/i); // stripped by the server before it was logged
    });
    expect(notes[3]).toBe("3 ';alert(1)// 3"); // what is no HTML is as it was written
    for (const event of escaped.events) {
      expect(JSON.stringify(event.payload)).not.toMatch(/[<>']/);
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
