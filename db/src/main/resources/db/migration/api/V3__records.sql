create table entity (
    org_id        uuid        not null references organization (id),
    id            uuid        not null,
    type          text        not null check (type in ('candidate', 'client', 'contractor', 'lead', 'partner', 'custom')),
    name          text        not null check (char_length(name) between 1 and 200),
    status        text        not null
        check (status in ('new', 'screening', 'interview', 'offer', 'hired', 'rejected', 'archived')),
    email         text check (char_length(email) <= 254),
    phone         text check (char_length(phone) <= 40),
    department_id uuid,
    owner_id      uuid        not null,
    notes         text check (char_length(notes) <= 4000),
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    version       bigint      not null default 1,
    primary key (org_id, id),
    foreign key (org_id, department_id) references department (org_id, id),
    foreign key (org_id, owner_id) references member (org_id, id)
);
-- The two orders in which lists are read, with the id as the last word: a page starts where the index entry of the
-- row before it stands.
create index entity_by_age on entity (org_id, created_at, id);
create index entity_by_name on entity (org_id, name, id);
-- The foreign keys, for the lists filtered by them and for the deletion of what they name.
create index entity_by_department on entity (org_id, department_id) where department_id is not null;
create index entity_by_owner on entity (org_id, owner_id);

create table application (
    org_id         uuid        not null references organization (id),
    id             uuid        not null,
    property_id    uuid        not null,
    applicant_name text        not null check (char_length(applicant_name) between 1 and 200),
    email          text        not null check (char_length(email) <= 254),
    phone          text check (char_length(phone) <= 40),
    position       text        not null check (char_length(position) between 1 and 200),
    message        text check (char_length(message) <= 4000),
    status         text        not null default 'submitted' check (status in ('submitted', 'approved', 'rejected')),
    reason         text check (char_length(reason) <= 4000),
    decided_by     uuid,
    decided_at     timestamptz,
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    version        bigint      not null default 1,
    primary key (org_id, id),
    foreign key (org_id, property_id) references property (org_id, id),
    foreign key (org_id, decided_by) references member (org_id, id),
    check ((status = 'submitted') = (decided_at is null))
);
create index application_by_age on application (org_id, created_at, id);
create index application_by_property on application (org_id, property_id, created_at, id);

create table onboarding (
    org_id         uuid        not null references organization (id),
    id             uuid        not null,
    application_id uuid        not null,
    property_id    uuid        not null,
    -- The employee, from the time on when there is a member for them.
    user_id        uuid,
    employee_name  text        not null check (char_length(employee_name) between 1 and 200),
    status         text        not null default 'in_progress' check (status in ('in_progress', 'completed')),
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    completed_at   timestamptz,
    version        bigint      not null default 1,
    primary key (org_id, id),
    -- One approval starts one onboarding.
    constraint onboarding_application unique (org_id, application_id),
    foreign key (org_id, application_id) references application (org_id, id),
    foreign key (org_id, property_id) references property (org_id, id),
    foreign key (org_id, user_id) references member (org_id, id)
);
create index onboarding_by_age on onboarding (org_id, created_at, id);
create index onboarding_by_property on onboarding (org_id, property_id, created_at, id);
create index onboarding_by_user on onboarding (org_id, user_id) where user_id is not null;

create table onboarding_step (
    org_id        uuid not null,
    onboarding_id uuid not null,
    step          text not null
        check (step in ('personal_info', 'tax_form', 'direct_deposit', 'health_insurance', 'policies')),
    -- The form as UTF-8 JSON, or its ciphertext once form_key names the key it is encrypted with.
    form          bytea,
    form_key      text,
    submitted_at  timestamptz,
    primary key (org_id, onboarding_id, step),
    foreign key (org_id, onboarding_id) references onboarding (org_id, id) on delete cascade,
    check ((form is null) = (submitted_at is null))
);

-- What is shared may live in any of four tables, so no foreign key holds resource_id: the service locks the record when
-- it shares it, and deletes its shares together with it.
create table share (
    org_id        uuid        not null references organization (id),
    id            uuid        not null,
    resource_type text        not null check (resource_type in ('entity', 'chat', 'call', 'onboarding')),
    resource_id   uuid        not null,
    -- As it was called when it was shared.
    resource_name text        not null,
    user_id       uuid        not null,
    shared_by     uuid        not null,
    access_level  text        not null check (access_level in ('view', 'edit', 'full')),
    created_at    timestamptz not null,
    expires_at    timestamptz,
    primary key (org_id, id),
    constraint share_once unique (org_id, resource_type, resource_id, user_id),
    foreign key (org_id, user_id) references member (org_id, id),
    foreign key (org_id, shared_by) references member (org_id, id)
);
create index share_by_receiver on share (org_id, user_id, created_at, id);
create index share_by_giver on share (org_id, shared_by, created_at, id);
-- For the sweep that withdraws what has run out.
create index share_by_expiry on share (expires_at) where expires_at is not null;
