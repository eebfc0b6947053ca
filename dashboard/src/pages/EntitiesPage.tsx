import type { Entity } from '@bellhop/client';
import { useLiveCollection } from '@bellhop/client/react';
import { useDeferredValue, useState } from 'react';
import { ApiError } from '../app';
import { useRoute } from '../router';
import { Page, Status, When } from '../ui/bits';
import { Button, Field, FormDialog, Select, type Values } from '../ui/form';
import { LiveTable } from '../ui/LiveTable';

const TYPES = ['candidate', 'client', 'contractor', 'lead', 'partner', 'custom'];
const STATUSES = ['new', 'screening', 'interview', 'offer', 'hired', 'rejected', 'archived'];

type Open = { kind: 'new' } | { kind: 'edit' | 'delete'; entity: Entity };

/** What the API takes; a field that was emptied is removed. */
function draftOf({ type, name, status, email, phone, department_id, notes }: Values, isNew: boolean) {
  const given = (text: string | undefined) => text || (isNew ? undefined : null);
  return {
    type,
    name,
    status,
    contact: { email: given(email), phone: given(phone) },
    department_id: given(department_id),
    notes: given(notes),
  };
}

export function EntitiesPage() {
  const { query } = useRoute();
  const [search, setSearch] = useState('');
  const [status, setStatus] = useState(query.get('status') ?? '');
  const [open, setOpen] = useState<Open | null>(null);
  const q = useDeferredValue(search.trim());
  const entities = useLiveCollection('entities', { ...(q && { q }), ...(status && { status }) });
  const close = () => setOpen(null);

  return (
    <Page
      title="Entities"
      actions={
        <>
          <input
            type="search"
            aria-label="Search"
            placeholder="Search"
            value={search}
            onChange={(event) => setSearch(event.target.value)}
          />
          <Select
            aria-label="Status"
            value={status}
            onChange={(event) => setStatus(event.target.value)}
            options={[['', 'All statuses'], ...STATUSES]}
          />
          <Button kind="primary" onClick={() => setOpen({ kind: 'new' })}>
            New entity
          </Button>
        </>
      }
    >
      <LiveTable
        label="Entities"
        list={entities}
        empty={<p>Nothing here. “New entity” makes one, and everybody sees it at once.</p>}
        columns={[
          {
            header: 'Name',
            width: 30,
            cell: ({ name, contact }) => (
              <>
                <strong>{name}</strong>
                {contact?.email && <span className="muted">{contact.email}</span>}
              </>
            ),
          },
          { header: 'Type', width: 14, cell: ({ type }) => type },
          { header: 'Status', width: 14, cell: ({ status: now }) => <Status>{now ?? 'new'}</Status> },
          { header: 'Department', width: 14, cell: ({ department }) => department?.name ?? '–' },
          { header: 'Changed', width: 12, cell: ({ updated_at }) => <When at={updated_at} /> },
          {
            header: 'Actions',
            width: 16,
            cell: (entity) => (
              <span className="actions">
                <Button aria-label={`Edit ${entity.name}`} onClick={() => setOpen({ kind: 'edit', entity })}>
                  Edit
                </Button>
                <Button aria-label={`Delete ${entity.name}`} onClick={() => setOpen({ kind: 'delete', entity })}>
                  Delete
                </Button>
              </span>
            ),
          },
        ]}
      />
      {open?.kind === 'new' && (
        <FormDialog
          title="New entity"
          submit="Create"
          onClose={close}
          onSubmit={(values) => entities.create(draftOf(values, true))}
        >
          {(faults) => <EntityFields faults={faults} />}
        </FormDialog>
      )}
      {open?.kind === 'edit' && (
        <EditDialog
          opened={open.entity}
          live={entities.items.find(({ id }) => id === open.entity.id)}
          onClose={close}
          save={(patch, ifVersion) => entities.update(open.entity.id, patch, { ifVersion })}
        />
      )}
      {open?.kind === 'delete' && (
        <FormDialog
          title={`Delete ${open.entity.name}?`}
          submit="Delete"
          kind="danger"
          onClose={close}
          onSubmit={() => entities.remove(open.entity.id)}
        >
          {() => <p>It goes for everybody, at once and for good.</p>}
        </FormDialog>
      )}
    </Page>
  );
}

interface EditDialogProps {
  /** As it was when the dialog was opened. */
  opened: Entity;
  /** As it is now. */
  live: Entity | undefined;
  save: (patch: Record<string, unknown>, ifVersion: number) => Promise<unknown>;
  onClose: () => void;
}

/** Saves only what this user has seen: when somebody was faster, it shows what they wrote and asks. */
function EditDialog({ opened, live, save, onClose }: EditDialogProps) {
  const [saving, setSaving] = useState(false); // then the newer version is this one
  const overtaken = !saving && live !== undefined && live.version > opened.version;
  return (
    <FormDialog
      title={`Edit ${opened.name}`}
      submit={overtaken ? 'Save anyway' : 'Save'}
      onClose={onClose}
      onSubmit={async (values) => {
        setSaving(true);
        try {
          await save(draftOf(values, false), overtaken ? live.version : opened.version);
        } catch (error) {
          setSaving(false);
          if (error instanceof ApiError && error.status === 412) {
            throw new Error(
              'Somebody changed this entity while you were at it. Look at their version, and save again.',
            );
          }
          throw error;
        }
      }}
    >
      {(faults) => (
        <>
          <div role="status">
            {overtaken && (
              <p className="notice" data-testid="overtaken">
                Changed by somebody else meanwhile: <strong>{live.name}</strong>, {live.status}. “Save anyway” puts your
                version in its place.
              </p>
            )}
            {!saving && live === undefined && <p className="notice">It is no more on this list.</p>}
          </div>
          <EntityFields faults={faults} entity={opened} />
        </>
      )}
    </FormDialog>
  );
}

function EntityFields({ faults, entity }: { faults: Record<string, string>; entity?: Entity }) {
  const departments = useLiveCollection('departments');
  return (
    <>
      <Field label="Name" error={faults.name}>
        <input name="name" defaultValue={entity?.name} required maxLength={200} autoFocus />
      </Field>
      <div className="pair">
        <Field label="Type" error={faults.type}>
          <Select name="type" defaultValue={entity?.type} options={TYPES} />
        </Field>
        <Field label="Status" error={faults.status}>
          <Select name="status" defaultValue={entity?.status} options={STATUSES} />
        </Field>
      </div>
      <div className="pair">
        <Field label="E-mail" error={faults['contact.email']}>
          <input name="email" type="email" defaultValue={entity?.contact.email ?? ''} maxLength={254} />
        </Field>
        <Field label="Phone" error={faults['contact.phone']}>
          <input name="phone" type="tel" defaultValue={entity?.contact.phone ?? ''} maxLength={40} />
        </Field>
      </div>
      <Field label="Department" error={faults.department_id}>
        <Select
          key={departments.status}
          name="department_id"
          defaultValue={entity?.department?.id}
          options={[['', 'none'], ...departments.items.map(({ id, name }) => [id, name] as const)]}
        />
      </Field>
      <Field label="Notes" error={faults.notes}>
        <textarea name="notes" rows={3} defaultValue={entity?.notes ?? ''} maxLength={4000} />
      </Field>
    </>
  );
}
