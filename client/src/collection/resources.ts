import type { DomainEvent, EventType } from '../frames.js';
import type {
  CallPayload,
  ChatMessage,
  Department,
  Entity,
  MemberPayload,
  OnboardingProgress,
  Property,
} from '../generated/model.js';

/** As the REST API answers; the event says less. */
export interface Application {
  id: string;
  property_id: string;
  applicant_name: string;
  email: string;
  phone: string | null;
  position: string;
  message: string | null;
  status: string;
  reason: string | null;
  decided_by: string | null;
  decided_at: string | null;
  onboarding_id: string | null;
  created_at: string;
  updated_at: string;
  version: number;
}

export interface OnboardingStep {
  step: string;
  submitted_at: string | null;
  form?: unknown;
}

export interface Onboarding {
  id: string;
  application_id: string;
  property_id: string;
  user_id: string | null;
  employee_name: string;
  status: string;
  progress: OnboardingProgress;
  steps: OnboardingStep[];
  created_at: string;
  updated_at: string;
  completed_at: string | null;
  version: number;
}

export interface Share {
  id: string;
  resource_type: string;
  resource_id: string;
  resource_name: string;
  user_id: string;
  access_level: string;
  shared_by: string;
  shared_by_name: string;
  created_at: string;
  expires_at: string | null;
}

export interface Member {
  id: string;
  email: string;
  name: string;
  role: MemberPayload['role'];
  property_ids: string[];
  department_id: string | null;
  status: string;
  created_at: string;
  updated_at: string;
  version: number;
}

export interface Notification {
  id: string;
  user_id: string | null;
  target_role: string | null;
  title: string | null;
  message: string;
  severity: 'info' | 'warning' | 'critical';
  kind: string | null;
  created_at: string;
  read_at: string | null;
}

/** Records of each collection, and what it can be filtered by. */
export interface Resources {
  entities: {
    record: Entity;
    filter: {
      type?: string;
      status?: string;
      department_id?: string;
      owner_id?: string;
      q?: string;
      sort?: 'created_at' | '-created_at' | 'name';
    };
  };
  applications: { record: Application; filter: { property_id?: string; status?: string; q?: string } };
  onboardings: { record: Onboarding; filter: { property_id?: string; status?: string } };
  shares: { record: Share; filter: { direction?: 'received' | 'given' } };
  members: { record: Member; filter: { role?: string; property_id?: string; q?: string } };
  calls: { record: CallPayload; filter: Record<string, never> };
  departments: { record: Department; filter: { q?: string } };
  properties: { record: Property; filter: { q?: string } };
  messages: { record: ChatMessage; filter: { chat_id: string } };
  notifications: { record: Notification; filter: Record<string, never> };
}

export type ResourceName = keyof Resources;
export type RecordOf<K extends ResourceName> = Resources[K]['record'];
export type FilterOf<K extends ResourceName> = Resources[K]['filter'];

export type Row = { id: string; version?: number; [field: string]: unknown };
export type Filter = Record<string, string | undefined>;

/** How the events of a resource change its records. */
export interface Resource {
  path(filter: Filter): string;
  /** In the query of the list; other fields of the filter are in the path. */
  inPath?: readonly string[];
  upserts: readonly EventType[];
  deletes: readonly EventType[];
  /** The record's id in a payload. */
  id: string;
  /** Fields of the payload that are none of the record. */
  drop?: readonly string[];
  /**
   * - `whole`: the payload is the record
   * - `part`: it changes a record that is known; the rest is fetched
   */
  payload: 'whole' | 'part';
  order: string;
}

export const RESOURCES: Record<ResourceName, Resource> = {
  entities: {
    path: () => '/entities',
    upserts: ['entity.created', 'entity.updated'],
    deletes: ['entity.deleted'],
    id: 'id',
    payload: 'whole',
    order: '-created_at',
  },
  applications: {
    path: () => '/applications',
    upserts: ['application.submitted', 'application.approved', 'application.rejected'],
    deletes: [],
    id: 'application_id',
    payload: 'part',
    order: '-created_at',
  },
  onboardings: {
    path: () => '/onboardings',
    upserts: ['onboarding.started', 'onboarding.form_submitted', 'onboarding.completed'],
    deletes: [],
    id: 'onboarding_id',
    drop: ['form'],
    payload: 'part',
    order: '-created_at',
  },
  shares: {
    path: () => '/shares',
    upserts: ['share.created'],
    deletes: ['share.revoked'],
    id: 'share_id',
    payload: 'part',
    order: '-created_at',
  },
  members: {
    path: () => '/members',
    upserts: ['member.added', 'member.updated'],
    deletes: ['member.removed'],
    id: 'user_id',
    drop: ['ver'],
    payload: 'part',
    order: 'name',
  },
  calls: {
    path: () => '/calls',
    upserts: ['call.created', 'call.updated'],
    deletes: [],
    id: 'id',
    payload: 'part',
    order: '-created_at',
  },
  departments: {
    path: () => '/departments',
    upserts: ['department.created', 'department.updated'],
    deletes: ['department.deleted'],
    id: 'id',
    payload: 'whole',
    order: 'name',
  },
  properties: {
    path: () => '/properties',
    upserts: ['property.created', 'property.updated'],
    deletes: ['property.deleted'],
    id: 'id',
    payload: 'whole',
    order: 'name',
  },
  messages: {
    path: ({ chat_id = '' }) => `/chats/${encodeURIComponent(chat_id)}/messages`,
    inPath: ['chat_id'],
    upserts: ['chat.message'],
    deletes: [],
    id: 'id',
    payload: 'whole',
    order: '-created_at',
  },
  notifications: {
    path: () => '/notifications',
    upserts: ['system.notification', 'user.notification'],
    deletes: [],
    id: 'id',
    drop: ['payload'],
    payload: 'whole',
    order: '-created_at',
  },
};

/** What an event says of a record, in the record's own field names; undefined for one that is not kept. */
export function rowOf(resource: Resource, event: DomainEvent): Row | undefined {
  const payload = event.payload as unknown as Record<string, unknown>;
  const id = payload[resource.id];
  if (typeof id !== 'string') {
    return undefined;
  }
  const row: Row = { ...(resource.payload === 'whole' && { created_at: event.timestamp }), ...payload, id };
  for (const field of resource.drop ?? []) {
    delete row[field];
  }
  if (resource.id !== 'id') {
    delete row[resource.id];
  }
  return row;
}

/** Whether a record is in a filtered list; undefined where only the server can tell. */
export function matches(row: Row, filter: Filter): boolean | undefined {
  let known = true;
  for (const [name, value] of Object.entries(filter)) {
    if (value === undefined || name === 'sort') {
      continue;
    }
    if (name === 'q' || name === 'direction') {
      known = false;
    } else if (
      field(row, name) !== value &&
      !(Array.isArray(row[`${name}s`]) && (row[`${name}s`] as unknown[]).includes(value))
    ) {
      return false; // property_id of a member is one of its property_ids
    }
  }
  return known ? true : undefined;
}

function field(row: Row, name: string): unknown {
  return name in row || !name.endsWith('_id') ? row[name] : (row[name.slice(0, -3)] as Row | null | undefined)?.id;
}

/** By a field, then by id, as the server sorts. */
export function comparator(order: string): (a: Row, b: Row) => number {
  const name = order.replace('-', '');
  const sign = order.startsWith('-') ? -1 : 1;
  const compare = (a: unknown, b: unknown) => (a === b ? 0 : String(a) < String(b) ? -1 : 1);
  return (a, b) => sign * (compare(a[name], b[name]) || compare(a.id, b.id));
}
