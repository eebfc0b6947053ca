import type { Share } from '@bellhop/client/collection';
import { useLiveCollection } from '@bellhop/client/react';
import { useState } from 'react';
import { may, useApp } from '../app';
import { Page, When } from '../ui/bits';
import { Button, Field, FormDialog, Select, useAction } from '../ui/form';
import { LiveTable } from '../ui/LiveTable';

export function SharesPage() {
  const { user } = useApp();
  const [direction, setDirection] = useState<'received' | 'given'>('received');
  const [isNew, setNew] = useState(false);
  const { run } = useAction();
  const shares = useLiveCollection('shares', { direction });
  const revoke = ({ id, resource_name }: Share) => run(() => shares.remove(id), `${resource_name} is no more shared`);

  return (
    <Page
      title="Shares"
      actions={
        <>
          <Select
            aria-label="Direction"
            value={direction}
            onChange={(event) => setDirection(event.target.value as 'received' | 'given')}
            options={[
              ['received', 'Shared with me'],
              ['given', 'Shared by me'],
            ]}
          />
          {may.review(user) && (
            <Button kind="primary" onClick={() => setNew(true)}>
              Share an entity
            </Button>
          )}
        </>
      }
    >
      <LiveTable
        label="Shares"
        list={shares}
        empty={<p>{direction === 'received' ? 'Nobody has shared anything with you.' : 'You share nothing.'}</p>}
        columns={[
          {
            header: 'What',
            width: 34,
            cell: ({ resource_name, resource_type }) => (
              <>
                <strong>{resource_name}</strong>
                <span className="muted">{resource_type}</span>
              </>
            ),
          },
          { header: 'Access', width: 14, cell: ({ access_level }) => access_level },
          { header: 'By', width: 22, cell: ({ shared_by_name }) => shared_by_name },
          { header: 'Since', width: 14, cell: ({ created_at }) => <When at={created_at} /> },
          {
            header: 'Actions',
            width: 16,
            cell: (share) =>
              (share.shared_by === user.id || may.manageStaff(user)) && (
                <Button aria-label={`Revoke ${share.resource_name}`} onClick={() => void revoke(share)}>
                  Revoke
                </Button>
              ),
          },
        ]}
      />
      {isNew && (
        <FormDialog
          title="Share an entity"
          submit="Share"
          onClose={() => setNew(false)}
          onSubmit={async (values) => {
            await shares.create({ ...values, resource_type: 'entity' });
            setDirection('given');
            void shares.refetch();
          }}
        >
          {(faults) => <ShareFields faults={faults} />}
        </FormDialog>
      )}
    </Page>
  );
}

function ShareFields({ faults }: { faults: Record<string, string> }) {
  const { user } = useApp();
  const entities = useLiveCollection('entities', { sort: 'name' });
  const members = useLiveCollection('members');
  return (
    <>
      <Field label="Entity" error={faults.resource_id}>
        <Select name="resource_id" required options={entities.items.map(({ id, name }) => [id, name] as const)} />
      </Field>
      <Field label="With" error={faults.user_id}>
        <Select
          name="user_id"
          required
          options={members.items.filter(({ id }) => id !== user.id).map(({ id, name }) => [id, name] as const)}
        />
      </Field>
      <Field label="Access" error={faults.access_level}>
        <Select
          name="access_level"
          options={[
            ['view', 'may look'],
            ['edit', 'may change'],
            ['full', 'may do everything'],
          ]}
        />
      </Field>
    </>
  );
}
