import type { Member } from '@bellhop/client/collection';
import { useLiveCollection, usePresence } from '@bellhop/client/react';
import { useState } from 'react';
import { may, useApp } from '../app';
import { Page, Status } from '../ui/bits';
import { Button, Field, FormDialog, Select } from '../ui/form';
import { LiveTable } from '../ui/LiveTable';

const ROLES = ['MEMBER', 'MANAGER', 'HR', 'ADMIN'];

export function MembersPage() {
  const { user } = useApp();
  const members = useLiveCollection('members');
  const present = new Set(usePresence('org').map(({ user_id }) => user_id));
  const properties = useLiveCollection('properties');
  const [open, setOpen] = useState<'new' | Member | null>(null);
  const manages = may.manageStaff(user);
  const propertyNames = (ids: readonly string[] = []) =>
    ids.map((id) => properties.items.find((property) => property.id === id)?.name ?? '…').join(', ');
  const propertyOptions = [['', 'none'], ...properties.items.map(({ id, name }) => [id, name] as const)] as const;
  const close = () => setOpen(null);

  return (
    <Page
      title="Members"
      actions={
        manages && (
          <Button kind="primary" onClick={() => setOpen('new')}>
            New member
          </Button>
        )
      }
    >
      <LiveTable
        label="Members"
        list={members}
        empty={<p>Nobody here.</p>}
        columns={[
          {
            header: 'Name',
            width: 36,
            cell: ({ id, name, email }) => (
              <>
                <strong>
                  {name}{' '}
                  {present.has(id) && (
                    <span className="online">
                      <span className="dot" aria-hidden="true" />
                      online
                    </span>
                  )}
                </strong>
                {email && <span className="muted">{email}</span>}
              </>
            ),
          },
          { header: 'Role', width: 14, cell: ({ role }) => role },
          { header: 'Properties', width: 24, cell: ({ property_ids }) => propertyNames(property_ids) || '–' },
          { header: 'Status', width: 12, cell: ({ status }) => <Status>{status ?? 'active'}</Status> },
          {
            header: 'Actions',
            width: 14,
            cell: (member) =>
              manages &&
              member.id !== user.id && (
                <Button aria-label={`Edit ${member.name}`} onClick={() => setOpen(member)}>
                  Edit
                </Button>
              ),
          },
        ]}
      />
      {open === 'new' && (
        <FormDialog
          title="New member"
          submit="Add"
          onClose={close}
          onSubmit={({ property_id, ...draft }) =>
            members.create({ ...draft, property_ids: property_id ? [property_id] : [] })
          }
        >
          {(faults) => (
            <>
              <Field label="Name" error={faults.name}>
                <input name="name" required maxLength={200} autoFocus />
              </Field>
              <Field label="E-mail" error={faults.email}>
                <input name="email" type="email" required maxLength={254} autoComplete="off" />
              </Field>
              <Field label="First password" error={faults.password}>
                <input name="password" type="password" required autoComplete="new-password" />
              </Field>
              <div className="pair">
                <Field label="Role" error={faults.role}>
                  <Select name="role" options={ROLES} />
                </Field>
                <Field label="Manages" error={faults.property_ids}>
                  <Select name="property_id" options={propertyOptions} />
                </Field>
              </div>
            </>
          )}
        </FormDialog>
      )}
      {open !== null && open !== 'new' && (
        <FormDialog
          title={`Edit ${open.name}`}
          submit="Save"
          onClose={close}
          onSubmit={({ name, role, property_id, status }) =>
            members.update(
              open.id,
              {
                name,
                role,
                status,
                ...(property_id !== (open.property_ids[0] ?? '') && { property_ids: property_id ? [property_id] : [] }),
              },
              { ifVersion: open.version },
            )
          }
        >
          {(faults) => (
            <>
              <Field label="Name" error={faults.name}>
                <input name="name" required maxLength={200} defaultValue={open.name} />
              </Field>
              <div className="pair">
                <Field label="Role" error={faults.role}>
                  <Select name="role" options={ROLES} defaultValue={open.role} />
                </Field>
                <Field label="Manages" error={faults.property_ids}>
                  <Select name="property_id" options={propertyOptions} defaultValue={open.property_ids[0]} />
                </Field>
              </div>
              <Field label="Status" error={faults.status}>
                <Select name="status" options={['active', 'disabled']} defaultValue={open.status} />
              </Field>
              <p className="muted">
                It takes effect at once: open dashboards get and lose rooms, and disabling ends them.
              </p>
            </>
          )}
        </FormDialog>
      )}
    </Page>
  );
}
