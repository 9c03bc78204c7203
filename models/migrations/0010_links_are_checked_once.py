"""A link within an organisation is checked once, by the key that holds its organisation too.

Of the two foreign keys over one column the plain one says less, and cost a look-up and a lock of
the row it leads to for every entry of the log and every imported holding.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

PLAIN_KEYS = """
do $$
declare
  plain record;
begin
  for plain in
    select k.conrelid::regclass as owner, k.conname as name
    from pg_constraint k
    where k.contype = 'f' and cardinality(k.conkey) = 1 and k.connamespace = 'public'::regnamespace
      and exists (select from pg_constraint tenant
        where tenant.contype = 'f' and tenant.conrelid = k.conrelid
          and tenant.confrelid = k.confrelid and cardinality(tenant.conkey) = 2
          and tenant.conkey @> k.conkey)
  loop
    execute format('alter table %s drop constraint %I', plain.owner, plain.name);
  end loop;
end $$
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0009_unsent_letters")]

    operations = [ops.RunSQL(PLAIN_KEYS)]
