import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { WebSocketServer, type WebSocket as Peer } from 'ws';
import { RealtimeClient, UnauthorizedError } from '../src/index.js';
import { goldenEvents, goldenFrames } from './generated/golden.js';
import { NodeWebSocket, connected, state } from './support.js';

/** What the real server does seldom, or only after minutes, done by a server that says what a test tells it. */
let server: WebSocketServer;
let url: string;
const clients: RealtimeClient[] = [];

beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'bellhop.v1' });
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  clients.splice(0).forEach((client) => client.disconnect());
  server.clients.forEach((peer) => peer.terminate());
  await new Promise((resolve) => server.close(resolve));
});

function client(options: ConstructorParameters<typeof RealtimeClient>[0] = {}): RealtimeClient {
  const made = new RealtimeClient({
    url,
    token: 'a.b.c',
    WebSocket: NodeWebSocket,
    transports: ['websocket'],
    ...options,
  });
  clients.push(made);
  made.connect();
  return made;
}

async function peer(): Promise<Peer & { address: string; heard: unknown[] }> {
  const [socket, request] = (await once(server, 'connection')) as [Peer, { url: string }];
  const heard: unknown[] = [];
  socket.on('message', (data: Buffer) => heard.push(JSON.parse(data.toString())));
  return Object.assign(socket, { address: request.url, heard });
}

const { connected: hello, ping } = goldenFrames;
const say = (socket: Peer, frame: object) => socket.send(JSON.stringify(frame));
const welcome = (socket: Peer, payload: object = {}) => {
  const { reason: _, ...rest } = hello.payload;
  say(socket, { ...hello, payload: { ...rest, ...payload } });
};

it('takes a silent line for dead within the limit that the server names', async () => {
  const one = client();
  const first = await peer();
  welcome(first, { heartbeat_interval_ms: 40, heartbeat_timeout_ms: 40 });
  const lost = await state(one, (snapshot) => snapshot.state === 'reconnecting');
  expect(lost.ended).toEqual({ code: 4009, reason: 'no_pong' });
  expect(first.heard).toEqual([{ type: 'heartbeat' }]);
});

it('stays while anything is heard, be it no answer', async () => {
  const one = client();
  const socket = await peer();
  socket.on('message', () => say(socket, ping));
  welcome(socket, { heartbeat_interval_ms: 20, heartbeat_timeout_ms: 200 });
  await connected(one);
  await new Promise<void>((resolve) => {
    let pings = 0;
    one.onMessage('ping', () => ++pings === 15 && resolve());
  });
  expect(one.getSnapshot()).toMatchObject({ isConnected: true, attempt: 0 });
});

it('comes back when the server says, with the cursor of the last frame and all rooms', async () => {
  const one = client();
  const room = `property-${crypto.randomUUID()}`;
  one.subscribeToRoom(room);
  const first = await peer();
  welcome(first, { rooms: ['org', room] });
  say(first, { ...ping, cursor: '1.epoch.77.abcdef01' });
  await new Promise<void>((resolve) => void one.onMessage('ping', () => resolve()));
  say(first, {
    ...goldenFrames.disconnect,
    payload: { code: 1012, reason: 'restarting', reconnect: true, retry_after_ms: 300 },
  });
  const before = Date.now();
  first.close(1012, 'restarting');
  const second = await peer();
  expect(Date.now() - before).toBeGreaterThanOrEqual(295);
  expect(Date.now() - before).toBeLessThan(900);
  const query = new URL(second.address, url).searchParams;
  expect(query.get('cursor')).toBe('1.epoch.77.abcdef01');
  expect(query.get('rooms')).toBe(room);
  expect(query.get('token')).toBeNull(); // it travels as a sub-protocol
});

it('drops an event that comes a second time, and nothing else', async () => {
  const one = client();
  const socket = await peer();
  const got: string[] = [];
  one.onMessage('*', (_, event) => got.push(event.id));
  welcome(socket);
  const event = goldenEvents['entity.created'];
  for (const id of ['a', 'b', 'a', 'b', 'c']) {
    say(socket, { ...event, id });
  }
  say(socket, ping);
  await new Promise<void>((resolve) => void one.onMessage('ping', () => resolve()));
  expect(got).toEqual(['a', 'b', 'c']);
});

it('lives with text that is no frame and types that it does not know', async () => {
  const errors: string[] = [];
  const one = client({ onError: (_, during) => errors.push(during) });
  const socket = await peer();
  welcome(socket);
  const own = new Promise((resolve) => void one.onMessage('from.tomorrow', resolve));
  socket.send('not JSON');
  say(socket, { ...goldenEvents['entity.created'], type: 'from.tomorrow', payload: { n: 1 } });
  expect(await own).toEqual({ n: 1 });
  expect(errors).toEqual(['frame']);
  expect(one.getSnapshot().isConnected).toBe(true);
});

it('is harmed by nothing that its page does wrong', async () => {
  const errors: string[] = [];
  const broken = () => {
    throw new Error('broken');
  };
  const one = client({
    cursor: { get: broken, set: broken },
    sanitize: (text) => (text === 'candidate' ? broken() : text),
    onError: (_, during) => {
      errors.push(during);
      broken();
    },
  });
  one.onFrame(broken);
  const stop = one.subscribe(broken);
  const printed: unknown[] = [];
  const { error } = console;
  console.error = (...words: unknown[]) => printed.push(words);
  try {
    const socket = await peer();
    welcome(socket);
    const heard = new Promise((resolve) => void one.onMessage('chat.message', ({ text }) => resolve(text)));
    say(socket, goldenEvents['entity.created']);
    say(socket, goldenEvents['chat.message']);
    expect(await heard).toBe(goldenEvents['chat.message'].payload.text);
  } finally {
    stop();
    console.error = error;
  }
  expect(new Set(errors)).toEqual(new Set(['cursor', 'frame', 'onFrame', 'watcher']));
  expect(printed).toHaveLength(errors.length);
});

it('can be made where there is no browser', () => {
  expect(new RealtimeClient({ cursor: 'session' }).getSnapshot()).toMatchObject({ state: 'idle', isConnected: false });
});

it('asks for a token before each attempt, stops for nobody, and tries again after any other failure', async () => {
  const reasons: string[] = [];
  const tokens = ['t1', new Error('no network'), 't2', new UnauthorizedError('logged out')];
  const one = client({
    onError: () => {},
    token: ({ reason }) => {
      reasons.push(reason);
      const next = tokens.shift();
      if (typeof next === 'string') {
        return next;
      }
      throw next;
    },
  });
  const first = await peer();
  expect(first.protocol).toBe('bellhop.v1');
  first.terminate();
  const second = await peer();
  welcome(second);
  await connected(one);
  second.terminate();
  const end = await state(one, (snapshot) => snapshot.state === 'stopped');
  expect(end.ended).toEqual({ code: 1008, reason: 'token_missing' });
  expect(reasons).toEqual(['connect', 'connect', 'connect', 'connect']);
});

it('starts its back-off anew once a connection has lasted 10 s', async () => {
  const one = client();
  (await peer()).terminate();
  const second = await peer();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    welcome(second);
    await connected(one);
    vi.advanceTimersByTime(9_999);
    expect(one.getSnapshot().attempt).toBe(1);
    vi.advanceTimersByTime(1);
    expect(one.getSnapshot().attempt).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

it('does not reconnect when told not to, and starts again when asked', async () => {
  const one = client({ reconnect: { enabled: false } });
  const first = await peer();
  welcome(first);
  await connected(one);
  first.terminate();
  await state(one, (snapshot) => snapshot.state === 'stopped');
  one.setReconnect({ enabled: true });
  one.connect();
  welcome(await peer());
  await connected(one);
});

it('does not wait when the browser is online again', async () => {
  const page = new EventTarget();
  const { addEventListener, removeEventListener } = globalThis;
  Object.assign(globalThis, {
    addEventListener: page.addEventListener.bind(page),
    removeEventListener: page.removeEventListener.bind(page),
  });
  try {
    const one = client();
    const first = await peer();
    welcome(first);
    await connected(one);
    say(first, {
      ...goldenFrames.disconnect,
      payload: { code: 1013, reason: 'overloaded', reconnect: true, retry_after_ms: 60_000 },
    });
    first.close(1013);
    const waiting = await state(one, (snapshot) => snapshot.retryAt !== null);
    expect(waiting.retryAt).toBeGreaterThan(Date.now() + 50_000);
    page.dispatchEvent(new Event('online'));
    welcome(await peer());
    await connected(one);
  } finally {
    Object.assign(globalThis, { addEventListener, removeEventListener });
  }
});
