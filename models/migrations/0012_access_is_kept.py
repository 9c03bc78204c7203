"""The third ring of access: somebody keeps giving it, and who gives it sees all clients.

Both are looked at when a transaction commits, so that within it two people may change places.
An organisation that never had an administrator is none whose last one leaves, which is why it
is written down that it had one.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

ADMINISTERED = """
alter table organisation add column administered boolean not null default false;
update organisation o set administered = true where exists (
  select from app_user u join user_group_member m on m.user_id = u.id
    join user_group g on g.id = m.user_group_id
  where u.organisation_id = o.id and u.enabled and 'USER_ADMIN' = any(g.permissions));
"""

KEEPS_AN_ADMINISTRATOR = """
create function organisation_keeps_an_administrator() returns trigger language plpgsql as $$
declare
  changed uuid;
begin
  if tg_table_name = 'user_group_member' then
    select organisation_id into changed from app_user where id = coalesce(new.user_id, old.user_id);
  else
    changed := new.organisation_id;
  end if;
  -- One after another: of two who leave at once, the second sees that the first has left.
  perform from organisation where id = changed for no key update;
  if exists (select from app_user u join user_group_member m on m.user_id = u.id
      join user_group g on g.id = m.user_group_id
      where u.organisation_id = changed and u.enabled and 'USER_ADMIN' = any(g.permissions)) then
    update organisation set administered = true where id = changed and not administered;
  elsif exists (select from organisation where id = changed and administered) then
    raise exception 'an organisation keeps somebody who gives access'
      using errcode = 'integrity_constraint_violation',
        constraint = 'organisation_keeps_an_administrator', table = tg_table_name;
  end if;
  return null;
end $$;
create constraint trigger organisation_keeps_an_administrator
  after update on app_user deferrable initially deferred
  for each row when (old.enabled <> new.enabled)
  execute function organisation_keeps_an_administrator();
create constraint trigger organisation_keeps_an_administrator
  after update on user_group deferrable initially deferred
  for each row when (old.permissions <> new.permissions)
  execute function organisation_keeps_an_administrator();
create constraint trigger organisation_keeps_an_administrator
  after insert or update or delete on user_group_member deferrable initially deferred
  for each row execute function organisation_keeps_an_administrator();
"""

OWN_GIVES_NO_ACCESS = """
create function own_gives_no_access() returns trigger language plpgsql as $$
declare
  person uuid;
  team uuid;
begin
  case tg_table_name
    when 'app_user' then person := new.id;
    when 'user_group' then team := new.id;
    else person := new.user_id; team := new.user_group_id;
  end case;
  perform from organisation o where o.id = coalesce(
    (select organisation_id from app_user where id = person),
    (select organisation_id from user_group where id = team)) for no key update;
  if exists (select from app_user u join user_group_member m on m.user_id = u.id
      join user_group g on g.id = m.user_group_id
      where u.id = coalesce(person, u.id) and g.id = coalesce(team, g.id)
        and u.client_access = 'OWN' and 'USER_ADMIN' = any(g.permissions)) then
    raise exception 'who gives access sees all clients'
      using errcode = 'integrity_constraint_violation',
        constraint = 'own_gives_no_access', table = tg_table_name;
  end if;
  return null;
end $$;
create constraint trigger own_gives_no_access
  after update on app_user deferrable initially deferred
  for each row when (old.client_access <> new.client_access and new.client_access = 'OWN')
  execute function own_gives_no_access();
create constraint trigger own_gives_no_access
  after update on user_group deferrable initially deferred
  for each row when (old.permissions <> new.permissions and 'USER_ADMIN' = any(new.permissions))
  execute function own_gives_no_access();
create constraint trigger own_gives_no_access
  after insert or update on user_group_member deferrable initially deferred
  for each row execute function own_gives_no_access();
"""

ALWAYS = """
alter table app_user enable always trigger organisation_keeps_an_administrator;
alter table app_user enable always trigger own_gives_no_access;
alter table user_group enable always trigger organisation_keeps_an_administrator;
alter table user_group enable always trigger own_gives_no_access;
alter table user_group_member enable always trigger organisation_keeps_an_administrator;
alter table user_group_member enable always trigger own_gives_no_access;
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0011_outcomes_of_repeats")]

    operations = [
        ops.RunSQL(ADMINISTERED),
        ops.RunSQL(KEEPS_AN_ADMINISTRATOR),
        ops.RunSQL(OWN_GIVES_NO_ACCESS),
        ops.RunSQL(ALWAYS),
    ]
