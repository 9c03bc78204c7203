"""Search by the beginnings of words, and an index for each order of a list and for what is running.

A row's words stand in a vector made without PostgreSQL's own parser, so that what is found does
not depend on what looks like a number, an address or a hyphenated word; no vector holds longer words than 100. The sigma
at the end of a word is a sigma, since in capitals the two are one letter. Beside its words a row
has markers, which no word can be: its organisation, and whether it is listed.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

WORDS = """
create function search_words(text text) returns text[] language sql immutable strict parallel safe
  return (select coalesce(array_agg(left(word, 100)), '{}')
    from regexp_split_to_table(
      translate(sort_key(text), 'ς', 'σ'), '[[:punct:][:space:][:cntrl:]]+') word
    where word <> '');

create function search_query(text text, markers text[]) returns tsquery
  language sql immutable strict parallel safe
  return coalesce((select string_agg(quote_literal(word) || ':*', ' & ')
      from unnest(search_words(text)) word)
    || coalesce((select string_agg(' & ' || quote_literal(marker), '')
      from unnest(markers) marker), ''), '')::tsquery;

alter table party add column search tsvector generated always as (array_to_tsvector(
  search_words(name || ' ' || reference || ' ' || coalesce(email, ''))
  || case when listed then array['@listed', '@' || organisation_id::text]
     else array['@' || organisation_id::text] end)) stored;
alter table product add column search tsvector generated always as (array_to_tsvector(
  search_words(name || ' ' || number)
  || case when listed then array['@listed', '@' || organisation_id::text]
     else array['@' || organisation_id::text] end)) stored;
create index party_search on party using gin (search);
create index product_search on product using gin (search);
"""

ORDERS = """
create index party_by_name on party (organisation_id, sort_name, id);
create index party_by_onboarding on party (organisation_id, coalesce(onboarded_on, 'infinity'), id);
create index party_by_change on party (organisation_id, updated_at, id);
create index product_by_name on product (organisation_id, sort_name, id);
create index product_by_opening on product (organisation_id, coalesce(opened_on, 'infinity'), id);
create index product_by_change on product (organisation_id, updated_at, id);
create index offboarding_by_change on offboarding (organisation_id, updated_at, id);
create index offboarding_by_due_day
  on offboarding (organisation_id, coalesce(due_on, 'infinity'), id);
create index offboarding_by_closing
  on offboarding (organisation_id, coalesce(closed_at, 'infinity'), id);
create index offboarding_by_assignee
  on offboarding (assignee_id, started_at, id) where assignee_id is not null;
"""

# Of the many offboardings of the years few are not Done; a list of these must not pass the others.
RUNNING = """
drop index offboarding_assignee;
create index offboarding_running_by_assignee
  on offboarding (assignee_id, started_at, id) where status <> 'DONE';
create index offboarding_running_by_start
  on offboarding (organisation_id, started_at, id) where status <> 'DONE';
create index offboarding_running_by_due_day
  on offboarding (organisation_id, coalesce(due_on, 'infinity'), id) where status <> 'DONE';
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0002_rules")]

    operations = [ops.RunSQL(sql) for sql in (WORDS, ORDERS, RUNNING)]
