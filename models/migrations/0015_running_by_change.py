"""Of the many offboardings of the years few are not Done: these are listed by their change, too."""

from tortoise import migrations
from tortoise.migrations import operations as ops

INDEX = """
create index offboarding_running_by_change
  on offboarding (organisation_id, updated_at, id) where status <> 'DONE';
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0014_plain_letters")]

    operations = [ops.RunSQL(INDEX)]
