-- Every table of an organisation's records has the primary key (org_id, id), and every reference between such records
-- names both columns. So a row can never point into another organisation, whatever a query forgets; and since every
-- query starts with org_id, the key is also the index it needs. Ids are UUIDv7, made by the service.

create table organization (
    id          uuid primary key,
    name        text        not null check (char_length(name) between 1 and 200),
    status      text        not null default 'active' check (status in ('active', 'disabled')),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    version     bigint      not null default 1
);

create table property (
    org_id      uuid        not null references organization (id),
    id          uuid        not null,
    name        text        not null check (char_length(name) between 1 and 200),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    version     bigint      not null default 1,
    primary key (org_id, id),
    -- The public application form knows the property's id and nothing else.
    constraint property_id unique (id)
);
create index property_by_name on property (org_id, name, id);

create table department (
    org_id      uuid        not null references organization (id),
    id          uuid        not null,
    name        text        not null check (char_length(name) between 1 and 200),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    version     bigint      not null default 1,
    primary key (org_id, id)
);
create index department_by_name on department (org_id, name, id);

create table member (
    org_id        uuid        not null references organization (id),
    id            uuid        not null,
    email         text        not null check (char_length(email) between 3 and 254),
    name          text        not null check (char_length(name) between 1 and 200),
    role          text        not null check (role in ('ADMIN', 'HR', 'MANAGER', 'MEMBER')),
    department_id uuid,
    -- Argon2id in PHC string format: parameters and salt are part of it.
    password_hash text        not null,
    -- A removed member stays as a row, because records name it as owner, author or giver.
    status        text        not null default 'active' check (status in ('active', 'disabled', 'removed')),
    -- Raised by every change of role, properties, department, status or password; the claim "ver" of access tokens.
    ver           bigint      not null default 1,
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    version       bigint      not null default 1,
    primary key (org_id, id),
    foreign key (org_id, department_id) references department (org_id, id)
);
-- Login names the address only, so it is unique over all organisations; a removed member's may be used again.
create unique index member_email on member (lower(email)) where status <> 'removed';
create index member_by_name on member (org_id, name, id);

-- The properties that a MANAGER manages.
create table member_property (
    org_id      uuid not null,
    member_id   uuid not null,
    property_id uuid not null,
    primary key (org_id, member_id, property_id),
    foreign key (org_id, member_id) references member (org_id, id) on delete cascade,
    foreign key (org_id, property_id) references property (org_id, id) on delete cascade
);
create index member_property_by_property on member_property (org_id, property_id);
