import { useLiveCollection } from '@bellhop/client/react';
import { useState } from 'react';
import { Page, Status, When } from '../ui/bits';
import { Button, Field, FormDialog, Select, type Values, useAction } from '../ui/form';
import { LiveTable } from '../ui/LiveTable';

const duration = (seconds: number) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
const isWebAddress = (url: string) => /^https?:\/\//i.test(url);

function draftOf({ entity_id, started_at, minutes, recording_url }: Values) {
  return {
    entity_id,
    started_at: new Date(started_at ?? '').toISOString(),
    ...(minutes && { duration_s: Math.round(Number(minutes) * 60) }),
    ...(recording_url && { recording_url }),
  };
}

/** As a date field takes it: the time here, to the minute. */
function localNow(): string {
  const now = new Date();
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function CallsPage() {
  const calls = useLiveCollection('calls');
  const entities = useLiveCollection('entities', { sort: 'name' });
  const [isNew, setNew] = useState(false);
  const { run } = useAction();
  const nameOf = (id: string | null) => entities.items.find((entity) => entity.id === id)?.name ?? '–';

  return (
    <Page
      title="Calls"
      actions={
        <Button kind="primary" onClick={() => setNew(true)}>
          New call
        </Button>
      }
    >
      <LiveTable
        label="Calls"
        list={calls}
        empty={<p>No calls yet. “New call” records one.</p>}
        columns={[
          {
            header: 'With',
            width: 28,
            cell: ({ entity_id, summary }) => (
              <>
                <strong>{nameOf(entity_id)}</strong>
                {summary && <span className="muted">{summary}</span>}
              </>
            ),
          },
          { header: 'When', width: 16, cell: ({ started_at }) => <When at={started_at} /> },
          { header: 'Length', width: 12, cell: ({ duration_s }) => (duration_s == null ? '–' : duration(duration_s)) },
          {
            header: 'Recording',
            width: 16,
            cell: ({ recording_url }) =>
              recording_url && isWebAddress(recording_url) ? (
                <a href={recording_url} target="_blank" rel="noopener noreferrer">
                  Listen
                </a>
              ) : (
                (recording_url ?? '–')
              ),
          },
          { header: 'Status', width: 12, cell: ({ status }) => <Status>{status ?? 'processing'}</Status> },
          {
            header: 'Actions',
            width: 16,
            cell: ({ id, status, entity_id }) =>
              status === 'processing' && (
                <Button
                  aria-label={`Mark the call with ${nameOf(entity_id)} as ready`}
                  onClick={() => void run(() => calls.update(id, { status: 'ready' }))}
                >
                  Ready
                </Button>
              ),
          },
        ]}
      />
      {isNew && (
        <FormDialog
          title="New call"
          submit="Record"
          onClose={() => setNew(false)}
          onSubmit={(values) => calls.create(draftOf(values))}
        >
          {(faults) => (
            <>
              <Field label="With" error={faults.entity_id}>
                <Select name="entity_id" required options={entities.items.map(({ id, name }) => [id, name] as const)} />
              </Field>
              <div className="pair">
                <Field label="When" error={faults.started_at}>
                  <input name="started_at" type="datetime-local" required defaultValue={localNow()} />
                </Field>
                <Field label="Minutes" error={faults.duration_s}>
                  <input name="minutes" type="number" min={0} step="any" />
                </Field>
              </div>
              <Field label="Address of the recording" error={faults.recording_url}>
                <input name="recording_url" type="url" />
              </Field>
            </>
          )}
        </FormDialog>
      )}
    </Page>
  );
}
