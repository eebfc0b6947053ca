import { useLiveCollection } from '@bellhop/client/react';
import { useState } from 'react';
import { callApi, may, useApp } from '../app';
import { Page, Status, When } from '../ui/bits';
import { Button, Field, FormDialog, Select, useAction } from '../ui/form';
import { LiveTable } from '../ui/LiveTable';

export function NotificationsPage() {
  const { client, user } = useApp();
  const notifications = useLiveCollection('notifications');
  const members = useLiveCollection('members');
  const [isNew, setNew] = useState(false);
  const { run } = useAction();
  const unread = notifications.items.filter(({ read_at }) => !read_at);
  const read = (id: string) => notifications.act(id, 'read', {}, { read_at: new Date().toISOString() });

  return (
    <Page
      title="Notifications"
      actions={
        <>
          <Button
            disabled={unread.length === 0}
            onClick={() => void run(() => Promise.all(unread.map(({ id }) => read(id))))}
          >
            Mark all as read
          </Button>
          {may.notify(user) && (
            <Button kind="primary" onClick={() => setNew(true)}>
              New notification
            </Button>
          )}
        </>
      }
    >
      <LiveTable
        label="Notifications"
        list={notifications}
        empty={<p>You have read everything.</p>}
        columns={[
          {
            header: 'Message',
            width: 50,
            cell: ({ title, message, read_at }) => (
              <span className={read_at ? 'muted' : ''}>
                {title && <strong>{title} </strong>}
                {message}
              </span>
            ),
          },
          { header: 'Severity', width: 16, cell: ({ severity }) => <Status>{severity}</Status> },
          { header: 'Sent', width: 16, cell: ({ created_at }) => <When at={created_at} /> },
          {
            header: 'Actions',
            width: 18,
            cell: ({ id, read_at, message }) =>
              read_at ? (
                <span className="muted">read</span>
              ) : (
                <Button aria-label={`Mark as read: ${message}`} onClick={() => void run(() => read(id))}>
                  Mark as read
                </Button>
              ),
          },
        ]}
      />
      {isNew && (
        <FormDialog
          title="New notification"
          submit="Send"
          onClose={() => setNew(false)}
          onSubmit={({ to = '', message, severity }) =>
            callApi(client, 'POST', '/notifications', {
              body: {
                message,
                severity,
                ...(to.startsWith('role:') && { target_role: to.slice(5) }),
                ...(to.startsWith('user:') && { user_id: to.slice(5) }),
              },
            })
          }
        >
          {(faults) => (
            <>
              <div className="pair">
                <Field label="To" error={faults.user_id ?? faults.target_role}>
                  <Select
                    name="to"
                    options={[
                      ['', 'everybody'],
                      ...['ADMIN', 'HR', 'MANAGER', 'MEMBER'].map((role) => [`role:${role}`, `every ${role}`] as const),
                      ...members.items.map(({ id, name }) => [`user:${id}`, name] as const),
                    ]}
                  />
                </Field>
                <Field label="Severity" error={faults.severity}>
                  <Select name="severity" options={['info', 'warning', 'critical']} />
                </Field>
              </div>
              <Field label="Message" error={faults.message}>
                <textarea name="message" rows={3} required maxLength={4000} autoFocus />
              </Field>
            </>
          )}
        </FormDialog>
      )}
    </Page>
  );
}
