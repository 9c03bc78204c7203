"""Outcomes of writes under a key, kept with what they wrote, and for how long a claim is held."""

from tortoise import migrations
from tortoise.migrations import operations as ops

COLUMNS = """
alter table kept_answer
  add column held_until timestamptz not null default now() + interval '1 minute',
  add column outcomes jsonb not null default '{}';
"""


class Migration(migrations.Migration):
    dependencies = [
        ("models", "0010_links_are_checked_once"),
        ("models", "0010_answers_and_rates"),
    ]

    operations = [ops.RunSQL(COLUMNS)]
