import { afterAll, beforeAll, describe, inject, it } from 'vitest';
import { expect as assert } from 'vitest';
import WebSocket from 'ws';
import { TestKit, type TestUser, asUser, expect } from '../../src/testing/index.js';

describe('the test kit', () => {
  const kit = new TestKit({
    apiUrl: inject('apiUrl'),
    url: inject('realtimeUrl'),
    WebSocket,
  });
  let hr: TestUser;
  let member: TestUser;
  let airport: TestUser;
  let summit: TestUser;

  beforeAll(async () => {
    [hr, member, airport, summit] = await Promise.all([
      kit.login('hr@harbor.example', 'bellhop-demo'),
      kit.login('member@harbor.example', 'bellhop-demo'),
      kit.login('airport@harbor.example', 'bellhop-demo'),
      kit.login('hr@summit.example', 'bellhop-demo'),
    ]);
  });

  afterAll(() => kit.close());

  it('shows a share to its receiver and to nobody else', async () => {
    const entity = await asUser(hr).post('/entities', { type: 'candidate', name: 'Ada Lovelace' });
    await asUser(hr).post('/shares', {
      resource_type: 'entity',
      resource_id: entity.id,
      user_id: member.id,
      access_level: 'view',
    });
    await expect(member).toReceive('share.created', { resource_name: 'Ada Lovelace', access_level: 'view' });
    await expect(airport).toReceiveNothing('share.created');
    await expect(summit).toReceiveNothing();
  });

  it('takes the first seed’s spelling, and each event once', async () => {
    await asUser(hr).post('/entities', { type: 'lead', name: 'Grace Hopper' });
    await expect(member).toReceive('entity_created', { name: 'Grace Hopper' });
    member.clear();
    await expect(member).toReceiveNothing();
  });

  it('says what came when something else was expected', async () => {
    const impatient = new TestKit({
      apiUrl: inject('apiUrl'),
      url: inject('realtimeUrl'),
      timeoutMs: 300,
      WebSocket,
    });
    const user = await impatient.login('downtown@harbor.example', 'bellhop-demo');
    await asUser(user).post('/entities', { type: 'lead', name: 'Edsger' });
    await expect(user).toReceive('entity.created', { name: 'Edsger' });
    await asUser(user).post('/entities', { type: 'lead', name: 'Barbara' });
    await assert(expect(user).toReceive('entity.deleted')).rejects.toThrow(/did not receive entity.deleted[^]*Barbara/);
    await assert(expect(user).toReceiveNothing()).rejects.toThrow(/should have received nothing[^]*Barbara/);
    impatient.close();
  });
});
