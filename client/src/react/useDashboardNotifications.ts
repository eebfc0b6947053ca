'use client';

import { useSyncExternalStore } from 'react';
import type { RealtimeClient } from '../client.js';
import type { DomainEvent, PayloadOf } from '../frames.js';
import { useRealtimeClient } from './context.js';

const APPLICATION = ['application.submitted', 'application.approved', 'application.rejected'] as const;
const ONBOARDING = ['onboarding.started', 'onboarding.form_submitted', 'onboarding.completed'] as const;
const NOTIFICATION = ['system.notification', 'user.notification'] as const;

/** Notifications that are kept, newest first. */
const KEPT = 100;

type Types = readonly (typeof APPLICATION | typeof ONBOARDING | typeof NOTIFICATION)[number][];
type Listener<T extends Types> = (
  handler: (data: PayloadOf<T[number]>, event: DomainEvent<T[number]>) => void,
) => () => void;

export interface DashboardNotification {
  id: string;
  type: (typeof NOTIFICATION)[number];
  /** Of the stored notification, to mark it as read by the REST API; none where it is not stored. */
  notificationId: string | null;
  title: string | null;
  message: string;
  severity: 'info' | 'warning' | 'critical';
  at: string;
  read: boolean;
}

export interface DashboardNotifications {
  /** Of the last 100 that came while the page was open, newest first. */
  notifications: readonly DashboardNotification[];
  unread: number;
  /** One, or all. */
  markRead: (id?: string) => void;
  onApplicationEvent: Listener<typeof APPLICATION>;
  onOnboardingEvent: Listener<typeof ONBOARDING>;
  /** System and user notifications, as they come: for toasts. */
  onNotification: Listener<typeof NOTIFICATION>;
  /** Joins the property's room. Managers are in theirs by themselves. */
  subscribeToProperty: (propertyId: string) => () => void;
}

/** One for each client, so that every component sees the same unread ones. */
class Inbox {
  #watchers = new Set<() => void>();
  #snapshot: { notifications: readonly DashboardNotification[]; unread: number } = { notifications: [], unread: 0 };
  readonly actions: Omit<DashboardNotifications, 'notifications' | 'unread'>;

  constructor(client: RealtimeClient) {
    const listener =
      <T extends Types>(types: T): Listener<T> =>
      (handler) => {
        const stops = types.map((type) =>
          client.onMessage(type, (data, event) =>
            handler(data as PayloadOf<T[number]>, event as DomainEvent<T[number]>),
          ),
        );
        return () => stops.forEach((stop) => stop());
      };
    this.actions = {
      markRead: (id) => this.#markRead(id),
      onApplicationEvent: listener(APPLICATION),
      onOnboardingEvent: listener(ONBOARDING),
      onNotification: listener(NOTIFICATION),
      subscribeToProperty: (propertyId) => client.subscribeToRoom(`property-${propertyId}`),
    };
    this.actions.onNotification((_, event) => this.#add(event));
  }

  subscribe = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  };

  getSnapshot = () => this.#snapshot;

  #add(event: DomainEvent<(typeof NOTIFICATION)[number]>): void {
    const { payload } = event;
    const notification: DashboardNotification = {
      id: event.id,
      type: event.type,
      notificationId: payload.id ?? null,
      title: 'title' in payload ? (payload.title ?? null) : null,
      message: payload.message,
      severity: payload.severity,
      at: event.timestamp,
      read: false,
    };
    this.#keep([notification, ...this.#snapshot.notifications].slice(0, KEPT));
  }

  #markRead(id?: string): void {
    this.#keep(
      this.#snapshot.notifications.map((one) => (id === undefined || one.id === id ? { ...one, read: true } : one)),
    );
  }

  #keep(notifications: readonly DashboardNotification[]): void {
    this.#snapshot = { notifications, unread: notifications.filter((one) => !one.read).length };
    this.#watchers.forEach((watcher) => watcher());
  }
}

const inboxes = new WeakMap<RealtimeClient, Inbox>();

function inboxOf(client: RealtimeClient): Inbox {
  const inbox = inboxes.get(client) ?? new Inbox(client);
  inboxes.set(client, inbox);
  return inbox;
}

/** What a dashboard wants to hear of, and the notifications that came. The functions stay the same from render to render. */
export function useDashboardNotifications(): DashboardNotifications {
  const inbox = inboxOf(useRealtimeClient());
  const snapshot = useSyncExternalStore(inbox.subscribe, inbox.getSnapshot, inbox.getSnapshot);
  return { ...snapshot, ...inbox.actions };
}
