"""Answers kept for who repeats a mutation, and counts of requests, which a crash may lose."""

from tortoise import migrations
from tortoise.migrations import operations as ops

TABLES = """
create table kept_answer (
  user_id uuid not null,
  key text not null constraint kept_answer_key check (length(key) between 1 and 255),
  request_hash text not null,
  started_at timestamptz not null default now(),
  status smallint,
  answer bytea,
  primary key (user_id, key),
  constraint kept_answer_whole check ((status is null) = (answer is null))
);
create index kept_answer_started on kept_answer (started_at);
create unlogged table request_count (
  key text not null,
  minute bigint not null,
  count integer not null,
  primary key (key, minute)
);
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0009_unsent_letters")]

    operations = [ops.RunSQL(TABLES)]
