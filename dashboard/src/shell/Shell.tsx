import { useEvent, useLiveCollection } from '@bellhop/client/react';
import { type ComponentType, useEffect, useRef, useState } from 'react';
import { may, useApp } from '../app';
import { ApplicationsPage } from '../pages/ApplicationsPage';
import { BroadcastPage } from '../pages/BroadcastPage';
import { CallsPage } from '../pages/CallsPage';
import { ChatPage } from '../pages/ChatPage';
import { EntitiesPage } from '../pages/EntitiesPage';
import { ExplainPage } from '../pages/ExplainPage';
import { MembersPage } from '../pages/MembersPage';
import { NotificationsPage } from '../pages/NotificationsPage';
import { OnboardingPage } from '../pages/OnboardingPage';
import { OverviewPage } from '../pages/OverviewPage';
import { RealtimeDashboard } from '../pages/RealtimeDashboard';
import { SharesPage } from '../pages/SharesPage';
import { WebSocketTest } from '../pages/WebSocketTest';
import { link, useRoute } from '../router';
import type { User } from '../session';
import type { Theme } from '../theme';
import { Boundary } from '../ui/Boundary';
import { Button } from '../ui/form';
import { ConnectionBadge } from './ConnectionBadge';
import { Toasts } from './Toasts';

interface Entry {
  page: string;
  title: string;
  Component: ComponentType;
  allowed?: (user: User) => boolean;
}

const PAGES: readonly { group: string; entries: readonly Entry[] }[] = [
  {
    group: 'Work',
    entries: [
      { page: '', title: 'Overview', Component: OverviewPage },
      { page: 'applications', title: 'Applications', Component: ApplicationsPage, allowed: may.review },
      { page: 'onboarding', title: 'Onboarding', Component: OnboardingPage },
      { page: 'entities', title: 'Entities', Component: EntitiesPage },
      { page: 'shares', title: 'Shares', Component: SharesPage },
      { page: 'chat', title: 'Chat', Component: ChatPage },
      { page: 'calls', title: 'Calls', Component: CallsPage },
      { page: 'members', title: 'Members', Component: MembersPage, allowed: may.review },
      { page: 'notifications', title: 'Notifications', Component: NotificationsPage },
    ],
  },
  {
    group: 'Realtime',
    entries: [
      { page: 'realtime', title: 'Realtime', Component: RealtimeDashboard },
      { page: 'test', title: 'WebSocket test', Component: WebSocketTest },
      { page: 'explain', title: 'Explain', Component: ExplainPage, allowed: may.manageStaff },
      { page: 'broadcast', title: 'Broadcast', Component: BroadcastPage, allowed: may.manageStaff },
    ],
  },
];

export function Shell({ theme, toggleTheme }: { theme: Theme; toggleTheme: () => void }) {
  const { session, user } = useApp();
  const { page } = useRoute();
  const [open, setOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  const shown = useRef(page);
  const notifications = useLiveCollection('notifications');
  const unread = notifications.items.filter(({ read_at }) => !read_at).length;
  const allowed = PAGES.flatMap(({ entries }) => entries).filter((entry) => entry.allowed?.(user) ?? true);
  const current = allowed.find((entry) => entry.page === page);
  const title = current?.title ?? 'Not found';

  useEffect(() => {
    document.title = `${unread > 0 ? `(${unread}) ` : ''}${title} · Bellhop`;
  }, [title, unread]);
  useEffect(() => {
    setOpen(false);
    if (shown.current !== page) {
      shown.current = page;
      main.current?.querySelector('h1')?.focus(); // so that a screen reader says where it is
    }
  }, [page]);
  useEvent('member.updated', (member) => {
    if (member.user_id === user.id) {
      void session.renew(); // other rights: the token says so, and so does this page
    }
  });

  return (
    <div className="shell">
      <a
        className="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to the content
      </a>
      <header className="bar">
        <Button className="button plain menu" aria-expanded={open} aria-controls="nav" onClick={() => setOpen(!open)}>
          <span aria-hidden="true">☰</span> Menu
        </Button>
        <a className="brand" href={link('')}>
          <img src="/favicon.svg" alt="" width="24" height="24" /> Bellhop
        </a>
        <ConnectionBadge />
        <a className="bell" href={link('notifications')} aria-label={`${unread} unread notifications`}>
          <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
            <path
              fill="currentColor"
              d="M12 22a2.5 2.5 0 0 0 2.4-2H9.6A2.5 2.5 0 0 0 12 22Zm7-6V11a7 7 0 0 0-5.5-6.8V3a1.5 1.5 0 0 0-3 0v1.2A7 7 0 0 0 5 11v5l-2 2v1h18v-1Z"
            />
          </svg>
          <span className="count" data-testid="unread" hidden={unread === 0}>
            {unread > 99 ? '99+' : unread}
          </span>
        </a>
      </header>
      <nav id="nav" className={open ? 'nav open' : 'nav'} aria-label="Pages">
        {PAGES.map(({ group, entries }) => (
          <div key={group}>
            <h2>{group}</h2>
            <ul>
              {entries
                .filter((entry) => allowed.includes(entry))
                .map((entry) => (
                  <li key={entry.page}>
                    <a href={link(entry.page)} aria-current={entry.page === page ? 'page' : undefined}>
                      {entry.title}
                    </a>
                  </li>
                ))}
            </ul>
          </div>
        ))}
        <div className="account">
          <p>
            <strong>{user.name}</strong>
            <span>{user.role}</span>
          </p>
          <Button onClick={toggleTheme}>{theme === 'dark' ? 'Light' : 'Dark'} theme</Button>
          <Button onClick={() => void session.logOut()}>Log out</Button>
        </div>
      </nav>
      <main id="main" ref={main} tabIndex={-1}>
        {current ? (
          <Boundary key={current.page}>
            <current.Component />
          </Boundary>
        ) : (
          <div className="empty">
            <h1>Not found</h1>
            <p>There is no such page, or it is not for your role.</p>
          </div>
        )}
      </main>
      <Toasts theme={theme} />
    </div>
  );
}
