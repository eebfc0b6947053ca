import { type FormEvent, useState } from 'react';
import { ApiError, callRealtime, useApp } from '../app';
import { Page } from '../ui/bits';
import { Button, Field, Select, message } from '../ui/form';

const EXAMPLE = '{\n  "message": "The lift is out of order",\n  "severity": "warning"\n}';

interface Sent {
  id: string;
  recipients: number;
}

export function BroadcastPage() {
  const { client } = useApp();
  const [sent, setSent] = useState<Sent | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const faults: Record<string, string> = {};
  if (error instanceof ApiError) {
    error.problem.errors?.forEach((fault) => (faults[fault.field] = fault.message));
  }
  const send = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const to = String(form.get('to'));
    const room = String(form.get('room')).trim();
    setBusy(true);
    setError(null);
    setSent(null);
    try {
      const payload = JSON.parse(String(form.get('payload'))) as unknown;
      const target = room ? { room } : to.startsWith('role:') ? { target_role: to.slice(5) } : { room: to };
      setSent(
        await callRealtime<Sent>(client, 'POST', '/ws/broadcast', { ...target, type: form.get('type'), payload }),
      );
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Page title="Broadcast">
      <form className="card form" onSubmit={send}>
        <p className="muted">Sends an event of your own: into the log, and to everybody in the room.</p>
        <div className="pair">
          <Field label="To" error={faults.target_role}>
            <Select
              name="to"
              options={[
                ['org', 'everybody'],
                ['global', 'HR and administrators'],
                ...['ADMIN', 'HR', 'MANAGER', 'MEMBER'].map((role) => [`role:${role}`, `every ${role}`] as const),
              ]}
            />
          </Field>
          <Field label="Or a room" error={faults.room}>
            <input name="room" placeholder="property-…" />
          </Field>
        </div>
        <Field label="Type" error={faults.type}>
          <input name="type" required defaultValue="system.notification" />
        </Field>
        <Field label="Payload (JSON)" error={faults.payload}>
          <textarea name="payload" className="mono" rows={6} spellCheck={false} required defaultValue={EXAMPLE} />
        </Field>
        <div role="status">
          {sent && (
            <p className="notice" data-testid="sent">
              Sent to {sent.recipients === 1 ? 'one connection' : `${sent.recipients} connections`}.
            </p>
          )}
          {error !== null && Object.keys(faults).length === 0 && <p className="message error">{message(error)}</p>}
        </div>
        <Button kind="primary" busy={busy}>
          Send
        </Button>
      </form>
    </Page>
  );
}
