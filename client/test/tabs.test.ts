import { afterEach, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { RealtimeClient } from '../src/index.js';
import { type Locks, sharedTabs } from '../src/tabs.js';
import { NodeWebSocket, Proxy, connected, createEntity, login, post, recorded, state } from './support.js';

/** Web Locks of one origin (exclusive mode, signals), which Node does not have. */
class OneOrigin implements Locks {
  #queues = new Map<string, Promise<void>>();

  request(name: string, { signal }: { signal?: AbortSignal }, held: () => Promise<void>): Promise<unknown> {
    const before = this.#queues.get(name) ?? Promise.resolve();
    const turn = before.then(async () => {
      signal?.throwIfAborted();
      await held();
    });
    this.#queues.set(
      name,
      turn.catch(() => {}),
    );
    return turn;
  }
}

let hr: { token: string; id: string };
let proxy: Proxy;
let locks: OneOrigin;
const tabs: RealtimeClient[] = [];

beforeAll(async () => {
  hr = await login('hr@harbor.example');
});

beforeEach(async () => {
  locks = new OneOrigin();
  proxy = await Proxy.start(inject('realtimeUrl'));
});

afterEach(async () => {
  tabs.splice(0).forEach((tab) => tab.disconnect());
  await proxy.close();
});

function open(): RealtimeClient {
  const tab = new RealtimeClient({
    url: proxy.url,
    token: hr.token,
    WebSocket: NodeWebSocket,
    source: sharedTabs(hr.id, locks),
  });
  tabs.push(tab);
  tab.connect();
  return tab;
}

it('gives two tabs one socket and the same events', async () => {
  const [first, second] = [open(), open()];
  const [one, two] = [recorded(first), recorded(second)];
  await Promise.all([connected(first), connected(second)]);
  expect(first.getSnapshot().transport).toBe('websocket');
  expect(second.getSnapshot().transport).toBe('shared');
  await createEntity(hr.token, 'for both');
  await Promise.all([one.named('for both'), two.named('for both')]);
  expect(proxy.opened).toBe(1);
  expect((await second.presence('org')).users.map((user) => user.user_id)).toContain(hr.id);
});

it('lets another tab take over, which goes on where the first was', async () => {
  const [first, second, third] = [open(), open(), open()];
  const records = [second, third].map(recorded);
  const resyncs: string[] = [];
  [second, third].forEach((tab) => tab.onResync((reason) => resyncs.push(reason)));
  await Promise.all([first, second, third].map(connected));
  await createEntity(hr.token, 'before');
  await Promise.all(records.map(({ named }) => named('before')));
  proxy.refuses = true;
  first.disconnect();
  await createEntity(hr.token, 'between');
  proxy.refuses = false;
  second.restart();
  await Promise.all(records.map(({ named }) => named('between')));
  await createEntity(hr.token, 'after');
  await Promise.all(records.map(({ named }) => named('after')));
  records.forEach(({ names }) => expect(names()).toEqual(['before', 'between', 'after']));
  expect(resyncs).toEqual([]);
  expect(second.getSnapshot().transport).toBe('websocket');
  expect(third.getSnapshot().transport).toBe('shared');
});

it('is in the rooms of all tabs, keeps them over a takeover, and leaves those of a tab that is gone', async () => {
  const rooms = await Promise.all(
    ['One', 'Two'].map(async (name) => `property-${(await post(hr.token, '/api/v1/properties', { name })).id}`),
  );
  const [one = '', two = ''] = rooms;
  const [first, second, third] = [open(), open(), open()];
  await Promise.all([first, second, third].map(connected));
  second.subscribeToRoom(one);
  third.subscribeToRoom(two);
  await state(first, (snapshot) => rooms.every((room) => snapshot.rooms.includes(room)));
  first.disconnect();
  await state(second, (snapshot) => snapshot.isConnected && snapshot.transport === 'websocket');
  expect(second.getSnapshot().session?.rooms).toEqual(expect.arrayContaining(rooms));
  third.disconnect();
  await state(second, (snapshot) => !snapshot.rooms.includes(two));
  expect(second.roomState(one)).toBe('joined');
});

it('lets a tab that comes late know that it has to fetch, and hear what follows', async () => {
  const first = open();
  await connected(first);
  await createEntity(hr.token, 'too early');
  const late = open();
  const { named, names } = recorded(late);
  const welcomed = new Promise<boolean>((resolve) =>
    late.onMessage('connected', ({ recovered }) => resolve(recovered)),
  );
  expect(await welcomed).toBe(false);
  await connected(late);
  await createEntity(hr.token, 'in time');
  await named('in time');
  expect(names().at(-1)).toBe('in time');
  expect(proxy.opened).toBe(1);
});

it('has a connection for each tab where the browser has no Web Locks', async () => {
  const tab = new RealtimeClient({
    url: proxy.url,
    token: hr.token,
    WebSocket: NodeWebSocket,
    source: sharedTabs(hr.id, undefined),
  });
  tabs.push(tab);
  tab.connect();
  expect((await connected(tab)).transport).toBe('websocket');
});
