"""Two invented firms to try everything on, written in one go and told apart by their names."""

from datetime import UTC, date, datetime
from random import Random
from typing import Final

from tortoise.connection import get_connection

from database import transaction
from demo.clients import ClientFile, fill
from demo.firms import FIRMS, Firm
from demo.history import History
from demo.letters import letters_of
from demo.plots import Plot
from demo.tokens import DemoToken, demo_people, demo_tokens
from models import (
    Activity,
    Holding,
    Offboarding,
    Organisation,
    OutgoingMail,
    Party,
    Product,
    User,
    UserGroup,
)
from models.listing import PARTY_LISTED, PRODUCT_LISTED

__all__ = ["DemoToken", "demo_people", "demo_tokens", "history_of", "write_demo"]

# Two processes that start at once wait for each other, and the second finds the demo there.
_LOCK: Final = 7_311_003

# Rule V has one wording; what happened last to a row is when it was last changed.
_FINISH: Final = f"""
with parties as (
  update party p set listed = {PARTY_LISTED}, updated_at = coalesce(p.offboarded_at, p.created_at)
  where p.organisation_id = $1)
update product q set listed = {PRODUCT_LISTED},
  updated_at = coalesce(q.terminated_at, q.created_at)
where q.organisation_id = $1
"""  # noqa: S608 - our own text


async def write_demo(today: date | None = None) -> bool:
    """Write the demo as of a day; return False when it is there already."""
    day = today or datetime.now(UTC).date()
    return await transaction(lambda: _write(day))


async def _write(today: date) -> bool:
    await get_connection("default").execute_query("select pg_advisory_xact_lock($1)", [_LOCK])
    missing = [firm for firm in FIRMS if not await Organisation.filter(name=firm.name).exists()]
    for firm in missing:
        await _write_firm(firm, history_of(firm, today))
    return bool(missing)


def history_of(firm: Firm, today: date) -> History:
    """Make up a firm, its client file and its past; the same each time but for the ids."""
    organisation = Organisation(
        name=firm.name, four_eyes=firm.strict, require_products_terminated=firm.strict
    )
    users = {
        colleague.account: User(
            organisation_id=organisation.id,
            email=f"{colleague.account}@{firm.domain}",
            name=colleague.name,
            enabled=colleague.enabled,
            client_access=colleague.client_access,
        )
        for colleague in firm.colleagues
    }
    file = ClientFile(organisation, users, Random(firm.name), today)  # noqa: S311 - the same each time, on purpose
    fill(file, firm)
    return Plot(file, firm.workload).tell()


async def _write_firm(firm: Firm, history: History) -> None:
    file = history.file
    await file.organisation.save()
    await _write_people(firm, file)
    await Party.bulk_create(file.parties)
    await Product.bulk_create(file.products)
    await Holding.bulk_create(file.holdings)
    await get_connection("default").execute_query(_FINISH, [file.organisation.id])
    await Offboarding.bulk_create(history.offboardings)
    await OutgoingMail.bulk_create(letters_of(history))
    # The order of ids is the order in which things happened (R15).
    history.activity.sort(key=lambda entry: entry.occurred_at)
    await Activity.bulk_create(history.activity)


async def _write_people(firm: Firm, file: ClientFile) -> None:
    groups = {group.name: group for group in UserGroup.defaults(file.organisation)}
    for group in groups.values():
        await group.save()
    for colleague in firm.colleagues:
        user = file.users[colleague.account]
        await user.save()
        await user.groups.add(*(groups[name] for name in colleague.groups))
