// Made from shared-model by TypeScriptTest. Do not edit: run it with -Dgolden=write.

export interface EntityContact {
  email: string | null;
  phone: string | null;
}

export interface EntityDepartmentName {
  id: string;
  name: string;
}

export interface Entity {
  id: string;
  type: string;
  name: string;
  status: string;
  contact: EntityContact;
  department: EntityDepartmentName | null;
  owner_id: string;
  notes: string | null;
  created_at: string;
  updated_at: string;
  version: number;
}

export interface Deleted {
  id: string;
  resource_type: string;
  version: number;
}

export interface ApplicationPayload {
  application_id: string;
  property_id: string;
  applicant_name: string;
  status: string;
  position: string;
  reason?: string;
  created_at: string;
  updated_at: string;
  version: number;
}

export interface OnboardingProgress {
  done: number;
  total: number;
}

export interface OnboardingPayload {
  onboarding_id: string;
  application_id: string;
  property_id: string;
  user_id: string | null;
  employee_name: string;
  status: string;
  form?: string;
  progress: OnboardingProgress;
  created_at: string;
  updated_at: string;
  version: number;
}

export interface ShareGranted {
  share_id: string;
  resource_type: string;
  resource_id: string;
  resource_name: string;
  access_level: string;
  shared_by: string;
  shared_by_name: string;
  created_at: string;
  expires_at?: string;
}

export interface ShareWithdrawn {
  share_id: string;
  resource_type: string;
  resource_id: string;
}

export interface ChatMessage {
  id: string;
  chat_id: string;
  author_id: string;
  author_name: string;
  text: string;
  created_at: string;
}

export interface CallPayload {
  id: string;
  entity_id: string;
  status: string;
  started_at: string;
  duration_s: number | null;
  recording_url?: string;
  summary?: string;
  created_at: string;
  updated_at: string;
  version: number;
}

export interface MemberPayload {
  user_id: string;
  name: string;
  role: 'ADMIN' | 'HR' | 'MANAGER' | 'MEMBER' | 'SERVICE';
  property_ids: string[];
  department_id: string | null;
  status: string;
  ver: number;
  version: number;
}

export interface Department {
  id: string;
  name: string;
  created_at: string;
  updated_at: string;
  version: number;
}

export interface Property {
  id: string;
  name: string;
  created_at: string;
  updated_at: string;
  version: number;
}

export interface NotificationToAll {
  id?: string;
  message: string;
  severity: 'info' | 'warning' | 'critical';
  target_role?: 'ADMIN' | 'HR' | 'MANAGER' | 'MEMBER' | 'SERVICE';
  kind?: string;
}

export interface NotificationToUser {
  id?: string;
  title?: string;
  message: string;
  severity: 'info' | 'warning' | 'critical';
  payload?: Record<string, unknown>;
}

export interface CaughtUp {
  replayed: number;
}

export interface Limits {
  message_bytes: number;
  rooms_per_connection: number;
  messages_per_second: number;
  message_burst: number;
  queue_bytes: number;
}

export interface Connected {
  connection_id: string;
  user_id: string;
  org_id: string;
  role: string;
  rooms: string[];
  recovered: boolean;
  replayed: number;
  reason?: string;
  ping_interval_ms: number;
  heartbeat_interval_ms: number;
  heartbeat_timeout_ms: number;
  token_expires_at: string;
  limits: Limits;
}

export interface Disconnect {
  code: number;
  reason: string;
  reconnect: boolean;
  retry_after_ms: number;
}

export interface ErrorDetail {
  code: 'invalid_message' | 'unknown_type' | 'forbidden_room' | 'unknown_room' | 'rate_limited' | 'too_many_rooms' | 'forbidden';
  message: string;
}

export interface HeartbeatAck {
  server_time: string;
}

export type Empty = Record<string, never>;

export interface PresentUser {
  user_id: string;
  name: string;
  connections: number;
  since: string;
}

export interface Present {
  room: string;
  users: PresentUser[];
  total: number;
}

export interface UserName {
  user_id: string;
  name: string;
}

export interface PresenceChange {
  room: string;
  users: UserName[];
}

export interface Refreshed {
  token_expires_at: string;
}

export interface Subscribed {
  room: string;
}

export interface TokenExpiring {
  expires_at: string;
}

export interface Unsubscribed {
  room: string;
  reason: string;
}

/** Payloads of all events that Bellhop itself emits, by type. */
export interface EventPayloads {
  'entity.created': Entity;
  'entity.updated': Entity;
  'entity.deleted': Deleted;
  'application.submitted': ApplicationPayload;
  'application.approved': ApplicationPayload;
  'application.rejected': ApplicationPayload;
  'onboarding.started': OnboardingPayload;
  'onboarding.form_submitted': OnboardingPayload;
  'onboarding.completed': OnboardingPayload;
  'share.created': ShareGranted;
  'share.revoked': ShareWithdrawn;
  'chat.message': ChatMessage;
  'call.created': CallPayload;
  'call.updated': CallPayload;
  'member.added': MemberPayload;
  'member.updated': MemberPayload;
  'member.removed': MemberPayload;
  'department.created': Department;
  'department.updated': Department;
  'department.deleted': Deleted;
  'property.created': Property;
  'property.updated': Property;
  'property.deleted': Deleted;
  'system.notification': NotificationToAll;
  'user.notification': NotificationToUser;
}

/** The first seed's spellings, and the types that they stand for. */
export interface EventAliases {
  entity_created: 'entity.created';
  entity_updated: 'entity.updated';
  entity_deleted: 'entity.deleted';
  application_submitted: 'application.submitted';
  application_approved: 'application.approved';
  application_rejected: 'application.rejected';
  onboarding_started: 'onboarding.started';
  onboarding_form_submitted: 'onboarding.form_submitted';
  form_submitted: 'onboarding.form_submitted';
  onboarding_completed: 'onboarding.completed';
  share_created: 'share.created';
  share_revoked: 'share.revoked';
  chat_message: 'chat.message';
  call_created: 'call.created';
  call_updated: 'call.updated';
  member_added: 'member.added';
  member_updated: 'member.updated';
  member_removed: 'member.removed';
  department_created: 'department.created';
  department_updated: 'department.updated';
  department_deleted: 'department.deleted';
  property_created: 'property.created';
  property_updated: 'property.updated';
  property_deleted: 'property.deleted';
  system_notification: 'system.notification';
  user_notification: 'user.notification';
}

/** Payloads of the server's own frames, by type; `stats` is in `stats.ts`. */
export interface ServerPayloads {
  'caught_up': CaughtUp;
  'connected': Connected;
  'disconnect': Disconnect;
  'error': ErrorDetail;
  'heartbeat_ack': HeartbeatAck;
  'ping': Empty;
  'presence': Present;
  'presence.joined': PresenceChange;
  'presence.left': PresenceChange;
  'refreshed': Refreshed;
  'subscribed': Subscribed;
  'token_expiring': TokenExpiring;
  'unsubscribed': Unsubscribed;
}

/** What a client may say. An answer carries the `ref` of its request. */
export type ClientMessage =
  | { type: 'heartbeat'; ref?: string }
  | { type: 'subscribe'; room: string; since?: string; ref?: string }
  | { type: 'unsubscribe'; room: string; ref?: string }
  | { type: 'get_stats'; every_ms?: number; ref?: string }
  | { type: 'presence'; room: string; ref?: string }
  | { type: 'refresh'; token: string; ref?: string }
  | { type: 'pong'; ref?: string };

/** Why the server ends a connection. */
export type CloseReason = 'bye' | 'token_missing' | 'token_invalid' | 'token_expired' | 'token_revoked' | 'user_disabled' | 'org_disabled' | 'protocol_violation' | 'text_only' | 'protocol_error' | 'bad_data' | 'too_big' | 'internal_error' | 'restarting' | 'overloaded' | 'slow_consumer' | 'no_pong' | 'kicked';
