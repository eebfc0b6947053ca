import type { ReactNode } from 'react';
import { ago, date, useNow } from '../time';

export function Page({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <>
      <header className="page-header">
        <h1 tabIndex={-1}>{title}</h1>
        <div className="actions">{actions}</div>
      </header>
      {children}
    </>
  );
}

const TONES: Record<string, string> = {
  approved: 'good',
  completed: 'good',
  hired: 'good',
  ready: 'good',
  active: 'good',
  delivered: 'good',
  rejected: 'bad',
  failed: 'bad',
  disabled: 'bad',
  critical: 'bad',
  not_delivered: 'bad',
  submitted: 'open',
  new: 'open',
  in_progress: 'open',
  processing: 'open',
  warning: 'open',
};

export function Status({ children }: { children: string }) {
  return <span className={`chip ${TONES[children] ?? ''}`}>{children.replaceAll('_', ' ')}</span>;
}

export function When({ at }: { at: string }) {
  const now = useNow(30_000);
  return (
    <time dateTime={at} title={date(at)}>
      {ago(at, now)}
    </time>
  );
}

export function Json({ value }: { value: unknown }) {
  return (
    <pre className="json" tabIndex={0}>
      {JSON.stringify(value, null, 2)}
    </pre>
  );
}

export function Progress({ done, total, label }: { done: number; total: number; label: string }) {
  return (
    <span className="progress">
      <progress value={done} max={Math.max(total, 1)} aria-label={label} />
      <span>
        {done} of {total}
      </span>
    </span>
  );
}
