import { readFileSync, readdirSync } from 'node:fs';
import { expect, expectTypeOf, it } from 'vitest';
import type {
  ApplicationPayload,
  DomainEvent,
  Entity,
  EventOf,
  Frame,
  PayloadOf,
  RealtimeClient,
} from '../src/index.js';
import { CLOSE_CODES, EVENT_TYPES } from '../src/index.js';
import { goldenEvents, goldenFrames } from './generated/golden.js';

const FOLDER = new URL('../../shared-model/src/main/resources/golden/', import.meta.url);

/** Control events stay between the services. */
const UNSEEN = ['session.revoked', 'organization.disabled', 'organization.enabled', 'outbox.parked'];

it('has a typed sample of every golden file that a client may see, with the same bytes', () => {
  const files = readdirSync(FOLDER)
    .map((file) => file.replace(/\.json$/, ''))
    .filter((name) => !UNSEEN.includes(name) && name !== 'close-codes');
  const samples: Record<string, unknown> = { ...goldenEvents, ...goldenFrames };
  expect(Object.keys(samples).sort()).toEqual(files.sort());
  for (const name of files) {
    expect(samples[name], name).toEqual(JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8')));
  }
  expect(Object.keys(goldenEvents).sort()).toEqual([...EVENT_TYPES].sort());
});

it('agrees with the server’s table of close codes', () => {
  const rows = JSON.parse(readFileSync(new URL('close-codes.json', FOLDER), 'utf8')) as {
    code: number;
    reason: string;
    reconnect: boolean;
  }[];
  expect(CLOSE_CODES.map(([code, reason, reconnect]) => ({ code, reason, reconnect }))).toEqual(
    rows.map(({ code, reason, reconnect }) => ({ code, reason, reconnect })),
  );
});

it('tells events apart by their type', () => {
  expectTypeOf<PayloadOf<'application_submitted'>>().toEqualTypeOf<ApplicationPayload>();
  expectTypeOf<PayloadOf<'application.submitted'>>().toEqualTypeOf<ApplicationPayload>();
  expectTypeOf<EventOf<'entity_created'>['payload']>().toEqualTypeOf<Entity>();
  expectTypeOf<PayloadOf<'my.own'>>().toEqualTypeOf<Record<string, unknown>>();
  expectTypeOf<Entity['department']>().toEqualTypeOf<{ id: string; name: string } | null>();

  const nameOf = (event: DomainEvent): string | undefined => {
    switch (event.type) {
      case 'entity.created':
      case 'entity.updated':
        return event.payload.name;
      case 'entity.deleted':
        expectTypeOf(event.payload.version).toBeNumber();
        // @ts-expect-error what is left of a record has no name
        return event.payload.name;
      default:
        return undefined;
    }
  };
  expect(nameOf(goldenEvents['entity.created'] as DomainEvent)).toBe("Zoë O'Brien <zoe@example.com>");

  const listen = (client: RealtimeClient, frame: Frame) => {
    client.onMessage('application_submitted', (data, event) => {
      expectTypeOf(data.applicant_name).toBeString();
      expectTypeOf(event.type).toEqualTypeOf<'application.submitted'>();
    });
    client.onMessage('presence.joined', ({ users }) =>
      expectTypeOf(users[0]?.name).toEqualTypeOf<string | undefined>(),
    );
    client.onMessage('*', (_, event) => expectTypeOf(event).toEqualTypeOf<DomainEvent>());
    client.onMessage('my.own', (data) => expectTypeOf(data).toEqualTypeOf<Record<string, unknown>>());
    if (frame.type === 'disconnect') {
      expectTypeOf(frame.payload.retry_after_ms).toBeNumber();
    }
  };
  expect(listen).toBeTypeOf('function');
});
