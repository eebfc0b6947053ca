import type { Application } from '@bellhop/client/collection';
import { useLiveCollection } from '@bellhop/client/react';
import { useState } from 'react';
import { useRoute } from '../router';
import { Page, Status, When } from '../ui/bits';
import { Button, Field, FormDialog, Select, useAction } from '../ui/form';
import { LiveTable } from '../ui/LiveTable';

const STATUSES = ['submitted', 'approved', 'rejected'];

export function ApplicationsPage() {
  const { query } = useRoute();
  const [status, setStatus] = useState(query.get('status') ?? '');
  const [propertyId, setPropertyId] = useState('');
  const [rejected, setRejected] = useState<Application | null>(null);
  const { run } = useAction();
  const properties = useLiveCollection('properties');
  const applications = useLiveCollection('applications', {
    ...(status && { status }),
    ...(propertyId && { property_id: propertyId }),
  });
  const propertyName = (id: string) => properties.items.find((property) => property.id === id)?.name ?? '…';
  const approve = ({ id, applicant_name }: Application) =>
    run(
      () => applications.act(id, 'approve', {}, { status: 'approved' }),
      `${applicant_name} is approved; the onboarding has started`,
    );

  return (
    <Page
      title="Applications"
      actions={
        <>
          <Select
            aria-label="Status"
            value={status}
            onChange={(event) => setStatus(event.target.value)}
            options={[['', 'All statuses'], ...STATUSES]}
          />
          <Select
            aria-label="Property"
            value={propertyId}
            onChange={(event) => setPropertyId(event.target.value)}
            options={[['', 'All properties'], ...properties.items.map(({ id, name }) => [id, name] as const)]}
          />
        </>
      }
    >
      <LiveTable
        label="Applications"
        list={applications}
        empty={<p>No applications here. They appear by themselves as people apply.</p>}
        columns={[
          {
            header: 'Applicant',
            width: 26,
            cell: ({ applicant_name, email }) => (
              <>
                <strong>{applicant_name}</strong>
                <span className="muted">{email}</span>
              </>
            ),
          },
          {
            header: 'Position',
            width: 22,
            cell: ({ position, property_id }) => (
              <>
                {position}
                <span className="muted">{propertyName(property_id)}</span>
              </>
            ),
          },
          { header: 'Received', width: 14, cell: ({ created_at }) => <When at={created_at} /> },
          {
            header: 'Status',
            width: 16,
            cell: ({ status: now, reason }) => (
              <>
                <Status>{now}</Status>
                {reason && <span className="muted">{reason}</span>}
              </>
            ),
          },
          {
            header: 'Decision',
            width: 22,
            cell: (application) =>
              application.status === 'submitted' ? (
                <span className="actions">
                  <Button
                    kind="primary"
                    aria-label={`Approve ${application.applicant_name}`}
                    onClick={() => void approve(application)}
                  >
                    Approve
                  </Button>
                  <Button aria-label={`Reject ${application.applicant_name}`} onClick={() => setRejected(application)}>
                    Reject
                  </Button>
                </span>
              ) : (
                application.decided_at && <When at={application.decided_at} />
              ),
          },
        ]}
      />
      {rejected && (
        <FormDialog
          title={`Reject ${rejected.applicant_name}`}
          submit="Reject"
          kind="danger"
          onClose={() => setRejected(null)}
          onSubmit={({ reason }) => applications.act(rejected.id, 'reject', { reason }, { status: 'rejected', reason })}
        >
          {(faults) => (
            <Field label="Reason" error={faults.reason}>
              <textarea name="reason" rows={4} maxLength={4000} required />
            </Field>
          )}
        </FormDialog>
      )}
    </Page>
  );
}
