import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { LiveCollection, callApi } from '../src/collection/index.js';
import type { Entity, RealtimeClient } from '../src/index.js';
import { clientOf, connected, createEntity, login, recorded } from './support.js';

let token: string;
let client: RealtimeClient;
let record: ReturnType<typeof recorded>;
let stop: () => void;
/** Answers of list requests wait here until the test lets them through. */
let held: (() => void)[] | null;
let lists: number;
let list: LiveCollection<'entities'>;

beforeAll(async () => {
  ({ token } = await login('hr@harbor.example'));
});

beforeEach(async () => {
  held = null;
  lists = 0;
  client = clientOf(token, {
    fetch: async (address, init) => {
      const response = await fetch(address, init);
      if (/\/entities\?/.test(String(address))) {
        lists++;
        if (held) {
          await new Promise<void>((resolve) => held?.push(resolve));
        }
      }
      return response;
    },
  });
  record = recorded(client);
  client.connect();
  await connected(client);
  list = new LiveCollection(client, 'entities', { type: 'candidate' });
});

afterEach(() => {
  stop();
  client.disconnect();
});

const names = () => list.getSnapshot().items.map(({ name }) => name);

function until(look: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const again = () => look() && (end(), resolve());
    const end = list.subscribe(again);
    queueMicrotask(again);
  });
}

const gone = (id: string) => record.until((event) => event.type === 'entity.deleted' && event.payload.id === id);
const change = (id: string, patch: object) => callApi<Entity>(client, 'PATCH', `/entities/${id}`, { body: patch });

it('takes events that overtake an open fetch: deleted stays deleted, new stays, newer wins', async () => {
  const [doomed, changed] = await Promise.all([createEntity(token, 'doomed'), createEntity(token, 'old name')]);
  await Promise.all([record.named('doomed'), record.named('old name')]);
  held = [];
  stop = list.subscribe(() => {});
  await expect.poll(() => held?.length).toBe(1); // the answer was read, with both as they were

  await callApi(client, 'DELETE', `/entities/${doomed.id}`);
  await change(changed.id, { name: 'new name' });
  await createEntity(token, 'came meanwhile');
  await Promise.all([gone(doomed.id), record.named('new name'), record.named('came meanwhile')]);
  held.forEach((release) => release());
  await until(() => list.getSnapshot().status === 'ready');

  expect(names()).toEqual(expect.arrayContaining(['new name', 'came meanwhile']));
  expect(names()).not.toContain('doomed');
  expect(names()).not.toContain('old name');
  expect(lists).toBe(1);
});

it('lets a record go that leaves the filter, and takes it back when it returns', async () => {
  stop = list.subscribe(() => {});
  const { id } = await createEntity(token, 'wanderer');
  await until(() => names().includes('wanderer'));
  await change(id, { type: 'lead' });
  await until(() => !names().includes('wanderer'));
  await change(id, { type: 'candidate' });
  await until(() => names().includes('wanderer'));
  expect(list.getSnapshot().items.filter((entity) => entity.id === id)).toMatchObject([{ version: 3 }]);
});

it('asks the server where only it can tell', async () => {
  stop = list.subscribe(() => {});
  const found = new LiveCollection(client, 'entities', { q: 'needle' });
  const end = found.subscribe(() => {});
  await createEntity(token, 'hay');
  await createEntity(token, 'a needle in it');
  await expect.poll(() => found.getSnapshot().items.map(({ name }) => name)).toEqual(['a needle in it']);
  end();
});

it('says what went wrong, keeps what it shows, and is whole again after a refetch', async () => {
  stop = list.subscribe(() => {});
  await until(() => list.getSnapshot().status === 'ready');
  const before = names();
  const own = client.getToken;
  client.getToken = () => Promise.reject(new Error('no network'));
  await list.refetch();
  await until(() => list.getSnapshot().error !== null);
  expect(list.getSnapshot()).toMatchObject({ status: 'ready', error: { message: 'no network' } });
  expect(names()).toEqual(before);
  client.getToken = own;
  await list.refetch();
  await until(() => list.getSnapshot().error === null);
});

it('reads further pages up to its limit, and says that there are more', async () => {
  stop = list.subscribe(() => {});
  const two = new LiveCollection(client, 'entities', {}, { limit: 2 });
  const end = two.subscribe(() => {});
  await expect.poll(() => two.getSnapshot().status).toBe('ready');
  expect(two.getSnapshot()).toMatchObject({ hasMore: true, items: { length: 2 } });
  end();
});
