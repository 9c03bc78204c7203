"""Indexes for what administrators look for among the letters of years: the few not sent."""

from tortoise import migrations
from tortoise.migrations import operations as ops

INDEXES = """
create index outgoing_mail_unsent
  on outgoing_mail (organisation_id, created_at, id) where status <> 'SENT';
create index outgoing_mail_recipient on outgoing_mail (recipient_id, created_at, id);
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0008_webhooks")]

    operations = [ops.RunSQL(INDEXES)]
