import type { DomainEvent } from '@bellhop/client';
import { useLiveCollection } from '@bellhop/client/react';
import { type FormEvent, useEffect, useState, useSyncExternalStore } from 'react';
import { callRealtime, useApp } from '../app';
import { useRoute } from '../router';
import { clock, date } from '../time';
import { Page, Status } from '../ui/bits';
import { Button, Field, Select, message, useAction } from '../ui/form';
import { subject } from './RealtimeDashboard';

interface Explanation {
  event: { id: string; type: string; position: number; rooms: string[] };
  user_id: string;
  verdict: string;
  reason: string;
  steps: { step: string; at: string }[];
  connections: { connection_id: string; outcome: string }[];
}

const REASONS: Record<string, string> = {
  delivered: 'A connection of theirs was in one of its rooms, and it was written to it.',
  recovered_later: 'They were away when it happened, came back with a cursor, and got it then.',
  slow_consumer: 'Their connection did not read fast enough and was closed before this event reached it.',
  not_in_room: 'They were connected and may be in one of its rooms, but had not joined any.',
  permission: 'They were connected, but may not be in any of its rooms.',
  not_connected: 'They had no connection when it happened, and have not come back with a cursor from before.',
};

/** Newest first: what came to this page, and what the log holds of the rooms that an administrator is in. */
function useEvents(): { events: readonly DomainEvent[]; error: unknown } {
  const { client, journal } = useApp();
  const live = useSyncExternalStore(journal.subscribe, journal.getEvents);
  const [kept, setKept] = useState<readonly DomainEvent[]>([]);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    const rooms = ['org', 'global'];
    Promise.all(
      rooms.map((room) => callRealtime<{ items: DomainEvent[] }>(client, 'GET', `/ws/history?room=${room}&limit=100`)),
    ).then((answers) => setKept(answers.flatMap(({ items }) => items)), setError);
  }, [client]);
  const all = new Map([...kept, ...live].map((event) => [event.id, event]));
  return { events: [...all.values()].sort((a, b) => (a.timestamp < b.timestamp ? 1 : -1)), error };
}

export function ExplainPage() {
  const { client } = useApp();
  const { query } = useRoute();
  const { events, error } = useEvents();
  const members = useLiveCollection('members');
  const [explanation, setExplanation] = useState<Explanation | null>(null);
  const [eventId, setEventId] = useState(query.get('event') ?? '');
  const { busy, run } = useAction();
  const explain = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const asked = new URLSearchParams({ event: String(form.get('event')), user: String(form.get('user')) });
    void run(async () => setExplanation(await callRealtime<Explanation>(client, 'GET', `/ws/explain?${asked}`)));
  };
  const name = members.items.find(({ id }) => id === explanation?.user_id)?.name ?? explanation?.user_id;

  return (
    <Page title="Explain">
      <p className="muted">Why did somebody get an event, or not? Kept for 24 hours.</p>
      {error !== null && <p className="error">{message(error)}</p>}
      <form className="card explain" onSubmit={explain}>
        <Field label="Event">
          <Select
            name="event"
            required
            value={eventId}
            onChange={({ target }) => setEventId(target.value)}
            options={[
              ['', events.length === 0 ? 'nothing has happened yet' : 'choose one'],
              ...events.map(
                (event) =>
                  [event.id, `${clock(event.timestamp)} ${event.type} ${subject(event)}`.slice(0, 120)] as const,
              ),
            ]}
          />
        </Field>
        <Field label="Person">
          <Select name="user" required options={members.items.map((member) => [member.id, member.name] as const)} />
        </Field>
        <Button kind="primary" busy={busy}>
          Explain
        </Button>
      </form>
      <div role="status">
        {explanation && (
          <section className="card" aria-labelledby="verdict" data-testid="explanation">
            <h2 id="verdict">
              {name}: <Status>{explanation.verdict}</Status>
            </h2>
            <p>
              <strong>{explanation.reason.replaceAll('_', ' ')}.</strong> {REASONS[explanation.reason]}
            </p>
            <dl className="facts">
              <div>
                <dt>Event</dt>
                <dd>
                  {explanation.event.type}, position {explanation.event.position}
                </dd>
              </div>
              <div>
                <dt>Rooms</dt>
                <dd>{explanation.event.rooms.join(', ') || 'none'}</dd>
              </div>
            </dl>
            <h3>What happened</h3>
            <ol className="steps">
              {explanation.steps.map(({ step, at }, index) => (
                <li key={index}>
                  <time dateTime={at} title={date(at)}>
                    {clock(at)}
                  </time>{' '}
                  {step.replaceAll('_', ' ')}
                </li>
              ))}
            </ol>
            {explanation.connections.length > 0 && (
              <>
                <h3>Connections</h3>
                <ul>
                  {explanation.connections.map(({ connection_id, outcome }) => (
                    <li key={connection_id}>
                      <code>{connection_id}</code>: {outcome.replaceAll('_', ' ')}
                    </li>
                  ))}
                </ul>
              </>
            )}
          </section>
        )}
      </div>
    </Page>
  );
}
