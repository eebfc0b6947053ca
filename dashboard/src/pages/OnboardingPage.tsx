import { useRealtimeClient, useLiveCollection } from '@bellhop/client/react';
import type { Onboarding } from '@bellhop/client/collection';
import { useEffect, useState } from 'react';
import { callApi, may, useApp } from '../app';
import { Json, Page, Progress, Status, When } from '../ui/bits';
import { Button, Field, FormDialog, Select, message, useAction } from '../ui/form';
import { LiveTable } from '../ui/LiveTable';

/** What each form asks for. */
const FORMS: Record<string, readonly string[]> = {
  personal_info: ['full_name', 'address', 'date_of_birth'],
  tax_form: ['filing_status', 'ssn'],
  direct_deposit: ['bank_name', 'account_number'],
  health_insurance: ['plan'],
  policies: ['accepted_by'],
};
const words = (name: string) => name.replaceAll('_', ' ');

export function OnboardingPage() {
  const { user } = useApp();
  const [status, setStatus] = useState('');
  const [shownId, setShownId] = useState<string | null>(null);
  const { run } = useAction();
  const onboardings = useLiveCollection('onboardings', status ? { status } : {});
  const shown = onboardings.items.find(({ id }) => id === shownId);
  const complete = ({ id, employee_name }: Onboarding) =>
    run(() => onboardings.act(id, 'complete', {}, { status: 'completed' }), `${employee_name} is on board`);

  return (
    <Page
      title="Onboarding"
      actions={
        <Select
          aria-label="Status"
          value={status}
          onChange={(event) => setStatus(event.target.value)}
          options={[
            ['', 'All statuses'],
            ['in_progress', 'in progress'],
            ['completed', 'completed'],
          ]}
        />
      }
    >
      <LiveTable
        label="Onboardings"
        list={onboardings}
        empty={<p>Nobody is being onboarded. Approving an application starts it.</p>}
        columns={[
          { header: 'Employee', width: 28, cell: ({ employee_name }) => <strong>{employee_name}</strong> },
          {
            header: 'Forms',
            width: 26,
            cell: ({ progress, employee_name }) => <Progress {...progress} label={`Forms of ${employee_name}`} />,
          },
          { header: 'Status', width: 14, cell: ({ status: now }) => <Status>{now}</Status> },
          { header: 'Started', width: 12, cell: ({ created_at }) => <When at={created_at} /> },
          {
            header: 'Actions',
            width: 20,
            cell: (onboarding) => (
              <span className="actions">
                <Button aria-label={`Forms of ${onboarding.employee_name}`} onClick={() => setShownId(onboarding.id)}>
                  Forms
                </Button>
                {may.review(user) &&
                  onboarding.status === 'in_progress' &&
                  onboarding.progress.done === onboarding.progress.total && (
                    <Button
                      kind="primary"
                      aria-label={`Complete ${onboarding.employee_name}`}
                      onClick={() => void complete(onboarding)}
                    >
                      Complete
                    </Button>
                  )}
              </span>
            ),
          },
        ]}
      />
      {shown && <FormsDialog onboarding={shown} onClose={() => setShownId(null)} />}
    </Page>
  );
}

/** The forms of one employee: those that are in, and the next one to fill in. */
function FormsDialog({ onboarding, onClose }: { onboarding: Onboarding; onClose: () => void }) {
  const client = useRealtimeClient();
  const { steps, version } = onboarding;
  const [full, setFull] = useState<Onboarding | null>(null);
  const [error, setError] = useState<unknown>(null);
  const next = steps.find((step) => step.submitted_at === null);
  useEffect(() => {
    callApi<Onboarding>(client, 'GET', `/onboardings/${onboarding.id}`).then(setFull, setError);
  }, [client, onboarding.id, version]);
  const fill = async (values: Record<string, string>) => {
    if (next) {
      await callApi(client, 'PUT', `/onboardings/${onboarding.id}/forms/${next.step}`, { body: values });
    }
  };
  return (
    <FormDialog
      title={`Forms of ${onboarding.employee_name}`}
      submit={next ? `Submit ${words(next.step)}` : 'Close'}
      onClose={onClose}
      onSubmit={fill}
    >
      {(faults) => (
        <>
          <ol className="steps">
            {(full ?? onboarding).steps.map(({ step, submitted_at, form }) => (
              <li key={step}>
                <strong>{words(step)}</strong>{' '}
                {submitted_at ? <Status>completed</Status> : <span className="chip">missing</span>}
                {form !== undefined && form !== null && <Json value={form} />}
              </li>
            ))}
          </ol>
          {error !== null && <p className="error">{message(error)}</p>}
          {next && (
            <fieldset>
              <legend>{words(next.step)}</legend>
              {(FORMS[next.step] ?? ['answer']).map((name) => (
                <Field key={name} label={words(name)} error={faults[name]}>
                  <input name={name} required maxLength={200} type={name === 'date_of_birth' ? 'date' : 'text'} />
                </Field>
              ))}
            </fieldset>
          )}
        </>
      )}
    </FormDialog>
  );
}
