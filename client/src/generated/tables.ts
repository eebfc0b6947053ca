// Made from shared-model by TypeScriptTest. Do not edit: run it with -Dgolden=write.

/** Every event type that Bellhop itself emits to clients. */
export const EVENT_TYPES = [
  'entity.created',
  'entity.updated',
  'entity.deleted',
  'application.submitted',
  'application.approved',
  'application.rejected',
  'onboarding.started',
  'onboarding.form_submitted',
  'onboarding.completed',
  'share.created',
  'share.revoked',
  'chat.message',
  'call.created',
  'call.updated',
  'member.added',
  'member.updated',
  'member.removed',
  'department.created',
  'department.updated',
  'department.deleted',
  'property.created',
  'property.updated',
  'property.deleted',
  'system.notification',
  'user.notification',
] as const;

/** Spellings of the first seed that are more than a type with its dots as underscores. */
export const ODD_ALIASES = {
  form_submitted: 'onboarding.form_submitted',
} as const;

/** Every way in which the server ends a connection: code, reason, whether to come back by itself. */
export const CLOSE_CODES = [
  [1000, 'bye', false],
  [1008, 'token_missing', false],
  [1008, 'token_invalid', false],
  [1008, 'token_expired', true],
  [1008, 'token_revoked', false],
  [1008, 'user_disabled', false],
  [1008, 'org_disabled', false],
  [1008, 'protocol_violation', false],
  [1003, 'text_only', false],
  [1002, 'protocol_error', false],
  [1007, 'bad_data', false],
  [1009, 'too_big', false],
  [1011, 'internal_error', true],
  [1012, 'restarting', true],
  [1013, 'overloaded', true],
  [4008, 'slow_consumer', true],
  [4009, 'no_pong', true],
  [4503, 'kicked', false],
] as const;
