import { useConnectionState, useEvent } from '@bellhop/client/react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { callApi, may, useApp } from '../app';
import { link } from '../router';
import { Page, Progress, Status, When } from '../ui/bits';
import { Failure } from '../ui/LiveTable';

interface Counts {
  applications: Record<string, number>;
  onboardings: { in_progress: number; completed: number; forms_done: number; forms_total: number };
  entities: Record<string, number>;
  last_activity_at: string | null;
}

/** Counts are read again at most this often, however many events come. */
const PAUSE_MS = 400;

function useCounts() {
  const { client } = useApp();
  const { session } = useConnectionState();
  const [counts, setCounts] = useState<Counts | null>(null);
  const [error, setError] = useState<unknown>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const load = useCallback(async () => {
    try {
      setCounts(await callApi<Counts>(client, 'GET', '/dashboard'));
      setError(null);
    } catch (failure) {
      setError(failure);
    }
  }, [client]);
  useEffect(() => void load(), [load, session?.connection_id]);
  useEffect(() => () => clearTimeout(timer.current), []);
  useEvent('*', (_, { type }) => {
    if (/^(application|onboarding|entity)\./.test(type)) {
      timer.current ??= setTimeout(() => {
        timer.current = undefined;
        void load();
      }, PAUSE_MS);
    }
  });
  return { counts, error, load };
}

function Bars({ counts, page }: { counts: Record<string, number>; page: string }) {
  const most = Math.max(1, ...Object.values(counts));
  return (
    <ul className="bars">
      {Object.entries(counts).map(([status, count]) => (
        <li key={status}>
          <a href={link(page, { status })}>
            <Status>{status}</Status>
          </a>
          <progress value={count} max={most} aria-label={status.replaceAll('_', ' ')} />
          <b>{count}</b>
        </li>
      ))}
    </ul>
  );
}

export function OverviewPage() {
  const { user } = useApp();
  const { counts, error, load } = useCounts();
  if (!counts && error) {
    return (
      <Page title="Overview">
        <Failure error={error} retry={() => void load()} />
      </Page>
    );
  }
  const { applications = {}, onboardings, entities = {}, last_activity_at = null } = counts ?? {};
  return (
    <Page title={`Good to see you, ${user.name}`}>
      <div className="grid" aria-busy={!counts}>
        {may.review(user) && (
          <section className="card tall" aria-labelledby="applications">
            <h2 id="applications">Applications</h2>
            <p className="figure" data-testid="open-applications">
              {applications.submitted ?? '–'}
            </p>
            <p className="muted">wait for a decision</p>
            <Bars counts={applications} page="applications" />
          </section>
        )}
        <section className="card tall" aria-labelledby="onboarding">
          <h2 id="onboarding">Onboarding</h2>
          <p className="figure">{onboardings?.in_progress ?? '–'}</p>
          <p className="muted">in progress, {onboardings?.completed ?? '–'} completed</p>
          <p>
            <Progress
              done={onboardings?.forms_done ?? 0}
              total={onboardings?.forms_total ?? 0}
              label="Forms that are in"
            />{' '}
            forms are in
          </p>
        </section>
        <section className="card tall" aria-labelledby="entities">
          <h2 id="entities">Entities</h2>
          <p className="figure">{counts ? Object.values(entities).reduce((sum, count) => sum + count, 0) : '–'}</p>
          <p className="muted">last activity {last_activity_at ? <When at={last_activity_at} /> : 'none yet'}</p>
          <Bars counts={entities} page="entities" />
        </section>
      </div>
    </Page>
  );
}
