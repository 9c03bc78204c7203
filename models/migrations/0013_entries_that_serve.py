"""No index has entries that serve nobody: each change of an offboarding writes to all of them.

The key of the log's tenant is also its feed. An offboarding of a party has no product to be found by.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

INDEXES = """
drop index activity_feed;
drop index offboarding_product;
create index offboarding_product on offboarding (product_id) where product_id is not null;
drop index offboarding_one_running_per_product;
create unique index offboarding_one_running_per_product
  on offboarding (product_id) where status <> 'DONE' and product_id is not null;
drop index offboarding_party;
create index offboarding_party on offboarding (party_id) where party_id is not null;
drop index offboarding_one_running_per_party;
create unique index offboarding_one_running_per_party
  on offboarding (party_id) where status <> 'DONE' and party_id is not null;
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0012_access_is_kept")]

    operations = [ops.RunSQL(INDEXES)]
