"""The third ring: what the database itself refuses, whoever writes; and the indexes of reads.

A trigger refuses with an error of class 23 that names a constraint, so that it reaches a client
as the refusal of the same rule. Tenants are kept apart by composite foreign keys.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

CHECKS = """
alter table organisation add constraint organisation_retention
  check (retention_months between 0 and 1200);

alter table app_user
  add constraint app_user_email_lower check (email = lower(email)),
  add constraint app_user_client_access check (client_access in ('OPEN', 'OWN')),
  add constraint app_user_tenant unique (organisation_id, id);

alter table user_group add constraint user_group_permissions check (permissions <@ array[
  'CLIENT_FILE_READ', 'CLIENT_FILE_WRITE', 'CLIENT_FILE_EXPORT', 'PARTY_OFFBOARDING_WRITE',
  'PARTY_OFFBOARDING_DONE_WRITE', 'PRODUCT_TERMINATION_WRITE', 'PRODUCT_TERMINATION_DONE_WRITE',
  'OFFBOARDING_REASON_READ', 'USER_ADMIN']);

alter table api_token
  add constraint api_token_user_tenant
    foreign key (organisation_id, user_id) references app_user (organisation_id, id);

alter table party
  add constraint party_type
    check (type in ('NATURAL_PERSON', 'LEGAL_ENTITY', 'NATURAL_PERSON_GROUP')),
  add constraint party_status check (status in ('ACTIVE', 'OFFBOARDED')),
  add constraint party_end check ((status = 'OFFBOARDED') = (offboarded_at is not null)),
  add constraint party_active_is_listed check (listed or status = 'OFFBOARDED'),
  add constraint party_tenant unique (organisation_id, id),
  add constraint party_manager_tenant
    foreign key (organisation_id, manager_id) references app_user (organisation_id, id),
  add constraint party_offboarded_by_tenant
    foreign key (organisation_id, offboarded_by_id) references app_user (organisation_id, id);

alter table product
  add constraint product_status check (status in ('ACTIVE', 'TERMINATED')),
  add constraint product_end check ((status = 'TERMINATED') = (terminated_at is not null)),
  add constraint product_active_is_listed check (listed or status = 'TERMINATED'),
  add constraint product_tenant unique (organisation_id, id),
  add constraint product_terminated_by_tenant
    foreign key (organisation_id, terminated_by_id) references app_user (organisation_id, id);

alter table holding
  add constraint holding_role
    check (role in ('OWNER', 'JOINT_OWNER', 'BENEFICIARY', 'REPRESENTATIVE')),
  add constraint holding_days check (ended_on >= started_on),
  add constraint holding_party_tenant
    foreign key (organisation_id, party_id) references party (organisation_id, id),
  add constraint holding_product_tenant
    foreign key (organisation_id, product_id) references product (organisation_id, id);

alter table offboarding
  add constraint offboarding_status check (status in ('OPEN', 'IN_PROGRESS', 'REVIEW', 'DONE')),
  add constraint offboarding_resolution check (resolution in ('DONE', 'CANCELLED')),
  add constraint offboarding_reason check (reason in ('CLIENT_REQUEST', 'FIRM_DECISION', 'DEATH',
    'DISSOLUTION', 'INSOLVENCY', 'STRUCTURE_CHANGE', 'RISK_OR_SANCTIONS', 'INACTIVE', 'OTHER')),
  add constraint offboarding_resolution_exactly_when_done
    check ((status = 'DONE') = (resolution is not null)),
  add constraint offboarding_closed_exactly_when_done
    check ((status = 'DONE') = (closed_at is not null) and (status = 'DONE') = (closed_by_id is not null)),
  add constraint offboarding_one_subject check (num_nonnulls(party_id, product_id) = 1),
  add constraint offboarding_version check (version > 0),
  add constraint offboarding_tenant unique (organisation_id, id),
  add constraint offboarding_party_tenant
    foreign key (organisation_id, party_id) references party (organisation_id, id),
  add constraint offboarding_product_tenant
    foreign key (organisation_id, product_id) references product (organisation_id, id),
  add constraint offboarding_assignee_tenant
    foreign key (organisation_id, assignee_id) references app_user (organisation_id, id),
  add constraint offboarding_started_by_tenant
    foreign key (organisation_id, started_by_id) references app_user (organisation_id, id),
  add constraint offboarding_closed_by_tenant
    foreign key (organisation_id, closed_by_id) references app_user (organisation_id, id);

alter table activity
  add constraint activity_changes check (jsonb_typeof(changes) = 'array'),
  add constraint activity_actor_tenant
    foreign key (organisation_id, actor_id) references app_user (organisation_id, id),
  add constraint activity_offboarding_tenant
    foreign key (organisation_id, offboarding_id) references offboarding (organisation_id, id),
  add constraint activity_party_tenant
    foreign key (organisation_id, party_id) references party (organisation_id, id),
  add constraint activity_product_tenant
    foreign key (organisation_id, product_id) references product (organisation_id, id);

alter table outgoing_mail
  add constraint outgoing_mail_kind check (kind in ('TASK_ASSIGNED')),
  add constraint outgoing_mail_status check (status in ('QUEUED', 'SENT', 'FAILED', 'DROPPED')),
  add constraint outgoing_mail_sent_at check ((status = 'SENT') = (sent_at is not null)),
  add constraint outgoing_mail_attempts check (attempts >= 0),
  add constraint outgoing_mail_offboarding_tenant
    foreign key (organisation_id, offboarding_id) references offboarding (organisation_id, id),
  add constraint outgoing_mail_recipient_tenant
    foreign key (organisation_id, recipient_id) references app_user (organisation_id, id),
  add constraint outgoing_mail_sender_tenant
    foreign key (organisation_id, sender_id) references app_user (organisation_id, id);
"""

# R5: at most one offboarding that is not Done per subject, and at most one that ended it.
UNIQUE = """
create unique index offboarding_one_running_per_party
  on offboarding (party_id) where status <> 'DONE';
create unique index offboarding_one_running_per_product
  on offboarding (product_id) where status <> 'DONE';
create unique index offboarding_one_end_per_party
  on offboarding (party_id) where resolution = 'DONE';
create unique index offboarding_one_end_per_product
  on offboarding (product_id) where resolution = 'DONE';
"""

# R1: Done is final. The statement triggers refuse TRUNCATE; ALWAYS holds for replicas too.
DONE_IS_FINAL = """
create function offboarding_done_is_final() returns trigger language plpgsql as $$
begin
  if tg_op = 'TRUNCATE' or old.status = 'DONE' then
    raise exception 'an offboarding that is done is final'
      using errcode = 'integrity_constraint_violation', constraint = 'offboarding_done_is_final',
        table = tg_table_name;
  end if;
  if tg_op = 'DELETE' then return old; end if;
  if (new.id, new.organisation_id, new.party_id, new.product_id, new.started_by_id, new.started_at)
     is distinct from
     (old.id, old.organisation_id, old.party_id, old.product_id, old.started_by_id, old.started_at)
  then
    raise exception 'what an offboarding is about never changes'
      using errcode = 'integrity_constraint_violation', constraint = 'offboarding_keeps_its_subject',
        table = tg_table_name;
  end if;
  return new;
end $$;
create trigger offboarding_done_is_final before update or delete on offboarding
  for each row execute function offboarding_done_is_final();
create trigger offboarding_not_truncated before truncate on offboarding
  for each statement execute function offboarding_done_is_final();
alter table offboarding enable always trigger offboarding_done_is_final;
alter table offboarding enable always trigger offboarding_not_truncated;

create function subject_end_is_final() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and tg_table_name = 'party' then
    if (new.status, new.offboarded_at, new.offboarded_by_id, new.retention_until) is not distinct
       from (old.status, old.offboarded_at, old.offboarded_by_id, old.retention_until)
    then return new; end if;
  elsif tg_op = 'UPDATE' then
    if (new.status, new.terminated_at, new.terminated_by_id, new.retention_until) is not distinct
       from (old.status, old.terminated_at, old.terminated_by_id, old.retention_until)
    then return new; end if;
  end if;
  raise exception 'the end of a % is final', tg_table_name
    using errcode = 'integrity_constraint_violation', constraint = 'subject_end_is_final',
      table = tg_table_name;
end $$;
create trigger subject_end_is_final before update or delete on party
  for each row when (old.status <> 'ACTIVE') execute function subject_end_is_final();
create trigger subject_end_is_final before update or delete on product
  for each row when (old.status <> 'ACTIVE') execute function subject_end_is_final();
alter table party enable always trigger subject_end_is_final;
alter table product enable always trigger subject_end_is_final;
"""

# R15: the log is append-only, and its ids are in commit order: the lock is taken before an id is
# drawn and given back after the commit is visible.
ACTIVITY = """
create function activity_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'the activity log is append-only'
    using errcode = 'integrity_constraint_violation', constraint = 'activity_is_append_only',
      table = tg_table_name;
end $$;
create trigger activity_is_append_only before update or delete on activity
  for each row execute function activity_is_append_only();
create trigger activity_not_truncated before truncate on activity
  for each statement execute function activity_is_append_only();
alter table activity enable always trigger activity_is_append_only;
alter table activity enable always trigger activity_not_truncated;

create function activity_in_commit_order() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock(7311001);
  return null;
end $$;
create trigger activity_in_commit_order before insert on activity
  for each statement execute function activity_in_commit_order();
"""

# R12: a user is in groups of their own organisation only; the table between has no column for it.
MEMBERS = """
create function user_group_member_tenant() returns trigger language plpgsql as $$
begin
  if (select organisation_id from app_user where id = new.user_id) is distinct from
     (select organisation_id from user_group where id = new.user_group_id)
  then
    raise exception 'a user is in groups of their own organisation'
      using errcode = 'integrity_constraint_violation', constraint = 'user_group_member_tenant',
        table = tg_table_name;
  end if;
  return new;
end $$;
create trigger user_group_member_tenant before insert or update on user_group_member
  for each row execute function user_group_member_tenant();
"""

# Names sort alike for people: without accents, case or the database's locale. Their beginning is
# enough, and an index holds no more.
INDEXES = """
create function sort_key(name text) returns text language sql immutable strict parallel safe
  return lower(regexp_replace(normalize(name, nfkd), '[\\u0300-\\u036f]', '', 'g'));
alter table party add column sort_name text collate "C"
  generated always as (left(sort_key(name), 200)) stored;
alter table product add column sort_name text collate "C"
  generated always as (left(sort_key(name), 200)) stored;

alter table party alter column reference type varchar(100) collate "C";
alter table product alter column number type varchar(100) collate "C";

create index party_listed_by_name on party (organisation_id, sort_name, id) where listed;
create index party_manager on party (manager_id) where manager_id is not null;
create index product_listed_by_number on product (organisation_id, number, id) where listed;
create index holding_product on holding (product_id);
create index offboarding_party on offboarding (party_id);
create index offboarding_product on offboarding (product_id);
create index offboarding_assignee on offboarding (assignee_id) where status <> 'DONE';
create index offboarding_by_start on offboarding (organisation_id, started_at, id);
create index activity_feed on activity (organisation_id, id);
create index activity_offboarding on activity (offboarding_id, id);
create index activity_party on activity (party_id, id) where party_id is not null;
create index activity_product on activity (product_id, id) where product_id is not null;
create index api_token_user on api_token (user_id);
create index outgoing_mail_queue on outgoing_mail (due_at, id) where status = 'QUEUED';
create index user_group_member_user on user_group_member (user_id);
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0001_tables")]

    operations = [
        ops.RunSQL(sql) for sql in (CHECKS, UNIQUE, DONE_IS_FINAL, ACTIVITY, MEMBERS, INDEXES)
    ]
