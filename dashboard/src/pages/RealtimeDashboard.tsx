import type { DomainEvent, Stats } from '@bellhop/client';
import { useConnectionState, useEvent, usePresence } from '@bellhop/client/react';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { may, useApp } from '../app';
import { link } from '../router';
import { clock } from '../time';
import { Json, Page, When } from '../ui/bits';
import { Button } from '../ui/form';
import { Chart, type Point } from '../ui/Chart';

const STATS_MS = 1000;

/** Points that a chart shows: five minutes. */
const POINTS = 300;

/** How often the API is asked how its outbox is. */
const OUTBOX_MS = 5000;

/** Rows of the log that are drawn at once. */
const SHOWN = 100;

/** Repeated by the server until this page is left. */
function useStats(): readonly Stats[] {
  const { client } = useApp();
  const { isConnected, session } = useConnectionState();
  const [stats, setStats] = useState<readonly Stats[]>([]);
  useEvent('stats', (latest) => setStats((now) => [...now.slice(1 - POINTS), latest]));
  useEffect(() => {
    if (!isConnected) {
      return undefined;
    }
    client.sendMessage({ type: 'get_stats', every_ms: STATS_MS });
    return () => void client.sendMessage({ type: 'get_stats', every_ms: 0 });
  }, [client, isConnected, session?.connection_id]);
  return stats;
}

function pointsOf(stats: readonly Stats[], value: (now: Stats, before: Stats) => number): Point[] {
  return stats.map((now, index) => ({
    at: Date.parse(now.server_time) / 1000,
    value: value(now, stats[index - 1] ?? now),
  }));
}

export function RealtimeDashboard() {
  const { user } = useApp();
  return (
    <Page title="Realtime">
      <ConnectionStatus />
      {may.seeFigures(user) && <Statistics />}
      {may.manageStaff(user) && <OutboxHealth />}
      <div className="split">
        <EventLog />
        <Present />
      </div>
    </Page>
  );
}

function ConnectionStatus() {
  const { client, journal } = useApp();
  const { state, transport, session, rooms, attempt, ended } = useConnectionState();
  const recovery = useSyncExternalStore(journal.subscribe, journal.getRecovery);
  const facts: [string, React.ReactNode][] = [
    ['State', state],
    ['Transport', transport ?? '–'],
    ['Connection', session?.connection_id ?? '–'],
    ['Rooms', rooms.length === 0 ? '–' : rooms.join(', ')],
    ['Token ends', session ? clock(session.token_expires_at) : '–'],
    ['Attempts', attempt],
    ['Last ended', ended ? `${ended.code} ${ended.reason.replaceAll('_', ' ')}` : 'never'],
    ['Recovery', recovery ?? 'first connection'],
  ];
  return (
    <section className="card" aria-labelledby="connection">
      <header className="row">
        <h2 id="connection">Connection</h2>
        <Button onClick={client.restart}>Drop and recover</Button>
      </header>
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Statistics() {
  const stats = useStats();
  return (
    <section className="grid" aria-label="Statistics">
      <Chart label="Connections" points={pointsOf(stats, ({ connections }) => connections)} />
      <Chart label="People" points={pointsOf(stats, ({ users = 0 }) => users)} />
      <Chart label="Rooms" points={pointsOf(stats, ({ rooms }) => rooms)} />
      <Chart
        label="Events"
        unit=" /s"
        points={pointsOf(stats, (now, before) => Math.max(0, (now.position ?? 0) - (before.position ?? 0)))}
      />
    </section>
  );
}

interface Outbox {
  backlog: number;
  oldestSeconds: number;
  parked: number;
  halted: number;
}

function gauge(text: string, name: string): number {
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1] ?? NaN);
}

/** From the API's metrics, where they are open. */
function OutboxHealth() {
  const { client } = useApp();
  const [outbox, setOutbox] = useState<Outbox | string>('…');
  useEffect(() => {
    let current = true;
    const load = async () => {
      try {
        const response = await fetch(`${client.apiUrl}/metrics`);
        const text = await response.text();
        if (current) {
          setOutbox(
            response.ok
              ? {
                  backlog: gauge(text, 'bellhop_outbox_backlog'),
                  oldestSeconds: gauge(text, 'bellhop_outbox_oldest_age_seconds'),
                  parked: gauge(text, 'bellhop_outbox_parked'),
                  halted: gauge(text, 'bellhop_outbox_halted_streams'),
                }
              : 'The API shows its metrics only to those who have its token.',
          );
        }
      } catch {
        if (current) {
          setOutbox('The API does not answer.');
        }
      }
    };
    void load();
    const timer = setInterval(() => void load(), OUTBOX_MS);
    return () => {
      current = false;
      clearInterval(timer);
    };
  }, [client]);
  return (
    <section className="card" aria-labelledby="outbox">
      <h2 id="outbox">Outbox</h2>
      {typeof outbox === 'string' ? (
        <p className="muted">{outbox}</p>
      ) : (
        <dl className="facts">
          <div>
            <dt>Waiting to be sent</dt>
            <dd>{outbox.backlog}</dd>
          </div>
          <div>
            <dt>Oldest waits</dt>
            <dd>{outbox.oldestSeconds.toFixed(1)} s</dd>
          </div>
          <div>
            <dt>Parked</dt>
            <dd>{outbox.parked}</dd>
          </div>
          <div>
            <dt>Halted organisations</dt>
            <dd>{outbox.halted}</dd>
          </div>
        </dl>
      )}
    </section>
  );
}

function EventLog() {
  const { journal } = useApp();
  const events = useSyncExternalStore(journal.subscribe, journal.getEvents);
  const [filter, setFilter] = useState('');
  const [paused, setPaused] = useState<readonly DomainEvent[] | null>(null);
  const wanted = filter.trim().toLowerCase();
  const found = (paused ?? events).filter(
    (event) => !wanted || `${event.type} ${JSON.stringify(event.payload)}`.toLowerCase().includes(wanted),
  );
  return (
    <section className="card log" aria-labelledby="log">
      <header className="row">
        <h2 id="log">Events</h2>
        <input
          type="search"
          aria-label="Filter"
          placeholder="Type or payload"
          value={filter}
          onChange={({ target }) => setFilter(target.value)}
        />
        <Button aria-pressed={paused !== null} onClick={() => setPaused(paused ? null : events)}>
          {paused ? `Go on (${journal.total - paused.length > 0 ? 'more came' : 'nothing new'})` : 'Pause'}
        </Button>
      </header>
      <ol className="scroll" tabIndex={0} aria-label="Events, newest first" data-testid="events">
        {found.length === 0 && (
          <li className="muted">
            {wanted ? 'No event fits.' : 'Quiet so far. Change anything, here or in another tab, and it shows.'}
          </li>
        )}
        {found.slice(0, SHOWN).map((event) => (
          <EventRow key={event.id} event={event} />
        ))}
      </ol>
      <p className="muted">
        {Math.min(SHOWN, found.length)} of {journal.total} since this page was opened
      </p>
    </section>
  );
}

function EventRow({ event }: { event: DomainEvent }) {
  const { user } = useApp();
  const [open, setOpen] = useState(false);
  return (
    <li data-event={event.id}>
      <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary>
          <time dateTime={event.timestamp}>{clock(event.timestamp)}</time> <b>{event.type}</b>{' '}
          <span className="muted">{subject(event)}</span>
        </summary>
        {open && (
          <>
            <Json value={event} />
            <span className="actions">
              <Button onClick={() => void navigator.clipboard.writeText(JSON.stringify(event, null, 2))}>Copy</Button>
              {may.manageStaff(user) && <a href={link('explain', { event: event.id })}>Who got it?</a>}
            </span>
          </>
        )}
      </details>
    </li>
  );
}

/** What an event speaks of, in a word. */
export function subject({ payload }: DomainEvent): string {
  const words = payload as unknown as Record<string, unknown>;
  const names = ['name', 'applicant_name', 'employee_name', 'resource_name', 'title', 'text', 'message', 'id'];
  return String(names.map((name) => words[name]).find((value) => typeof value === 'string') ?? '');
}

function Present() {
  const users = usePresence('org');
  return (
    <section className="card" aria-labelledby="present">
      <h2 id="present">
        Online <span className="count">{users.length}</span>
      </h2>
      <ul className="people" data-testid="present">
        {users.map(({ user_id, name, connections, since }) => (
          <li key={user_id}>
            <span className="dot" aria-hidden="true" /> <strong>{name}</strong>{' '}
            <span className="muted">
              {connections > 1 && `${connections} tabs, `}
              <When at={since} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
