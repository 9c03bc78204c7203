import asyncio
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from tortoise.connection import get_connection

import auth
from demo import demo_tokens, history_of, write_demo
from demo.firms import DEMO_BANK, OTHER_BANK
from demo.history import History
from demo.tokens import STARTS
from mail.daily import queue_reminders
from models import (
    Activity,
    ActivityKind,
    ApiToken,
    ClientAccess,
    Holding,
    HoldingRole,
    MailStatus,
    Offboarding,
    OffboardingResolution,
    OffboardingStatus,
    Organisation,
    OutgoingMail,
    Party,
    PartyType,
    Permission,
    Product,
    User,
)

pytestmark = pytest.mark.usefixtures("emptied_database")

TODAY = date(2026, 6, 30)

# Rule V in other words: who is still seen, from what owners and products there are.
UNLIKE_RULE_V = """
with owning as (
  select * from holding where ended_on is null and role not in ('BENEFICIARY', 'REPRESENTATIVE'))
select p.reference from party p
  where p.listed = (p.status = 'OFFBOARDED' and (select coalesce(
    bool_and(q.status = 'TERMINATED'), true)
    from owning o join product q on q.id = o.product_id where o.party_id = p.id))
union all
select q.number from product q
  where q.listed = (q.status = 'TERMINATED' and (select coalesce(
    bool_and(p.status = 'OFFBOARDED'), true)
    from owning o join party p on p.id = o.party_id where o.product_id = q.id))
"""


async def rows(sql: str) -> list[tuple[Any, ...]]:
    _, found = await get_connection("default").execute_query(sql)
    return [tuple(row.values()) for row in found]


def story(history: History) -> list[object]:
    """Tell a history in words that stay the same when ids do not."""
    file = history.file
    words: dict[object, str] = {
        **{user.id: user.email for user in file.users.values()},
        **{party.id: party.reference for party in file.parties},
        **{product.id: product.number for product in file.products},
        None: "nobody",
    }
    told: list[object] = [
        [(p.reference, p.name, p.type, p.status, p.email, p.onboarded_on) for p in file.parties],
        [(p.number, p.name, p.status, p.opened_on, p.retention_until) for p in file.products],
        [(words[h.party_id], words[h.product_id], h.role, h.ended_on) for h in file.holdings],
    ]
    for entry in history.activity:
        changes = str(entry.changes)
        for user in file.users.values():
            changes = changes.replace(str(user.id), user.email)
        subject = (words[entry.party_id], words[entry.product_id])
        told.append((entry.occurred_at, entry.kind, words[entry.actor_id], *subject, changes))
    return told


@pytest.mark.parametrize("firm", [DEMO_BANK, OTHER_BANK])
def test_makes_up_the_same_each_time(firm: Any) -> None:
    first = story(history_of(firm, TODAY))

    second = story(history_of(firm, TODAY))

    assert len(first) > 40
    assert first == second


async def test_is_written_once() -> None:
    written = await write_demo()
    counts = [await model.all().count() for model in (Organisation, Party, Offboarding, Activity)]

    again = await write_demo()

    assert (written, again) == (True, False)
    assert counts[0] == 2
    assert counts == [
        await model.all().count() for model in (Organisation, Party, Offboarding, Activity)
    ]


async def test_is_written_once_by_two_who_start_together() -> None:
    written = await asyncio.gather(write_demo(), write_demo())

    assert sorted(written) == [False, True]
    assert await Organisation.all().count() == 2


async def test_leaves_an_organisation_alone_that_is_there_already() -> None:
    bank = await Organisation.create(name=DEMO_BANK.name, retention_months=7)

    written = await write_demo()

    assert written
    assert await Party.filter(organisation=bank).count() == 0
    assert (await Organisation.get(id=bank.id)).retention_months == 7
    assert await Party.filter(organisation__name=OTHER_BANK.name).count() == 32


async def test_lists_exactly_what_rule_v_lists() -> None:
    await write_demo()

    wrong = await rows(UNLIKE_RULE_V)

    assert wrong == []


async def test_shows_each_case_of_rule_v() -> None:
    await write_demo()

    of_parties = Counter(await rows("select status, listed from party"))
    of_products = Counter(await rows("select status, listed from product"))

    assert set(of_parties) == {("ACTIVE", True), ("OFFBOARDED", True), ("OFFBOARDED", False)}
    assert set(of_products) == {("ACTIVE", True), ("TERMINATED", True), ("TERMINATED", False)}
    assert min(*of_parties.values(), *of_products.values()) >= 5


async def test_has_a_client_file_worth_looking_at() -> None:
    await write_demo()

    bank = await Organisation.get(name=DEMO_BANK.name)
    types = Counter(party.type for party in await Party.filter(organisation=bank))
    kinds = {product.number[:3] for product in await Product.filter(organisation=bank)}
    holdings = await Holding.filter(organisation=bank)

    assert types == {
        PartyType.NATURAL_PERSON: 200,
        PartyType.LEGAL_ENTITY: 70,
        PartyType.NATURAL_PERSON_GROUP: 40,
    }
    assert kinds == {"ACC", "PTF", "POL"}
    assert {holding.role for holding in holdings} == set(HoldingRole)
    assert any(holding.ended_on for holding in holdings)
    joint = Counter(h.product_id for h in holdings if h.role is HoldingRole.JOINT_OWNER)
    assert set(joint.values()) == {2}


async def test_has_offboardings_of_every_sort() -> None:
    await write_demo()

    tasks = await Offboarding.filter(organisation__name=DEMO_BANK.name)

    today = datetime.now(UTC).date()
    running = [task for task in tasks if task.status is not OffboardingStatus.DONE]
    for of_a_party in (True, False):
        sorts = {
            (task.status, task.resolution)
            for task in tasks
            if (task.party_id is not None) is of_a_party
        }
        assert sorts == {
            (OffboardingStatus.OPEN, None),
            (OffboardingStatus.IN_PROGRESS, None),
            (OffboardingStatus.REVIEW, None),
            (OffboardingStatus.DONE, OffboardingResolution.DONE),
            (OffboardingStatus.DONE, OffboardingResolution.CANCELLED),
        }
    assert sum(task.due_on is not None and task.due_on < today for task in running) >= 5
    assert sum(task.due_on is not None and task.due_on > today for task in running) >= 5
    assert any(task.assignee_id is None for task in running)
    assert any(task.reason and task.comment for task in running)
    assert any(task.reason is None and task.comment is None for task in running)


async def test_starts_again_on_some_that_were_cancelled() -> None:
    await write_demo()

    again = await rows(
        "select count(*) from offboarding old join offboarding new using (party_id)"
        " where old.resolution = 'CANCELLED' and new.status <> 'DONE'"
        " and new.started_at > old.closed_at"
    )

    assert again[0][0] >= 2


async def test_has_a_user_of_every_group_and_a_disabled_one_who_still_has_tasks() -> None:
    await write_demo()

    users = await User.filter(organisation__name=DEMO_BANK.name).prefetch_related("groups")
    (disabled,) = [user for user in users if not user.enabled]

    assert {group.name for user in users for group in user.groups} == {
        "Reader",
        "Analyst",
        "Officer",
        "Approver",
        "Administrator",
    }
    assert [user.email for user in users if user.client_access is ClientAccess.OWN] == [
        "manager@demo.example"
    ]
    tasks = Offboarding.filter(assignee=disabled).exclude(status=OffboardingStatus.DONE)
    assert await tasks.count() == 2


async def test_gives_no_task_to_who_may_not_do_it() -> None:
    await write_demo()

    unseen = await rows(
        "select count(*) from offboarding o join app_user u on u.id = o.assignee_id"
        " left join party p on p.id = o.party_id"
        " where u.organisation_id <> o.organisation_id"
        " or (u.client_access = 'OWN' and p.manager_id is distinct from u.id)"
    )
    unable = await rows(
        "select count(*) from offboarding o where o.status = 'DONE' and not exists ("
        " select from user_group_member m join user_group g on g.id = m.user_group_id"
        " where m.user_id = o.closed_by_id and 'PARTY_OFFBOARDING_DONE_WRITE' = any(g.permissions))"
    )
    managed = await rows(
        "select count(*) from offboarding o join app_user u on u.id = o.started_by_id"
        " where u.client_access = 'OWN'"
    )

    assert (unseen, unable) == ([(0,)], [(0,)])
    assert managed[0][0] >= 3


async def test_keeps_the_strict_settings_of_the_second_firm() -> None:
    await write_demo()

    bank = await Organisation.get(name=OTHER_BANK.name)
    alone = await rows(
        "select count(*) from offboarding o join organisation g on g.id = o.organisation_id"
        " where g.four_eyes and o.closed_by_id = o.started_by_id"
    )
    too_early = await rows(
        "select count(*) from party p join organisation g on g.id = p.organisation_id"
        " join holding h on h.party_id = p.id and h.role in ('OWNER', 'JOINT_OWNER')"
        " join product q on q.id = h.product_id"
        " where g.require_products_terminated and p.status = 'OFFBOARDED'"
        " and (q.terminated_at is null or q.terminated_at > p.offboarded_at)"
    )

    assert (bank.four_eyes, bank.require_products_terminated) == (True, True)
    assert (alone, too_early) == ([(0,)], [(0,)])


async def test_lets_everything_happen_in_order_and_in_the_past() -> None:
    await write_demo()

    out_of_order = await rows(
        "select count(*) from offboarding o left join party p on p.id = o.party_id"
        " left join product q on q.id = o.product_id"
        " where o.started_at < coalesce(p.onboarded_on, q.opened_on)"
        " or o.closed_at <= o.started_at or o.updated_at > now()"
        " or o.closed_at is distinct from coalesce(p.offboarded_at, q.terminated_at)"
        " and o.resolution = 'DONE'"
    )
    unsorted_log = await rows(
        "select count(*) filter (where back) from (select occurred_at < lag(occurred_at)"
        " over (partition by organisation_id order by id) as back from activity) entry"
    )

    assert out_of_order == [(0,)]
    assert unsorted_log == [(0,)]


async def test_keeps_records_for_as_long_as_the_organisation_says() -> None:
    await write_demo()

    right, wrong = (
        await rows(
            "select count(*) filter (where retention_until = ends_on + interval '5 years'),"
            " count(*) filter (where retention_until is distinct from ends_on + interval '5 years')"
            " from (select coalesce(p.retention_until, q.retention_until) as retention_until,"
            "  coalesce(o.effective_on, o.closed_at::date) as ends_on from offboarding o"
            "  left join party p on p.id = o.party_id left join product q on q.id = o.product_id"
            "  where o.resolution = 'DONE') ended"
        )
    )[0]

    assert right >= 40
    assert wrong == 0


# Entries whose changes are of the subject or of a letter.
OF_OTHERS: Final = {
    ActivityKind.PARTY_OFFBOARDED,
    ActivityKind.PRODUCT_TERMINATED,
    ActivityKind.MAIL_SENT,
    ActivityKind.MAIL_FAILED,
}


async def test_log_tells_how_each_offboarding_became_what_it_is() -> None:
    await write_demo()

    for offboarding in await Offboarding.all():
        values: dict[str, str | None] = {}
        kinds = []
        for entry in await Activity.filter(offboarding_id=offboarding.id).order_by("id"):
            kinds.append(entry.kind)
            if entry.kind in OF_OTHERS:
                continue
            for change in entry.changes:
                assert values.get(change["field"]) == change["before"]
                assert change["before"] != change["after"]
                values[change["field"]] = change["after"]

        assert kinds[0] is ActivityKind.OFFBOARDING_STARTED
        assert {name: value for name, value in values.items() if value} == shown(offboarding)
        assert (kinds[-1] in ENDS) == offboarding.ends_the_relationship
        assert (ActivityKind.RESOLVED in kinds) == (offboarding.resolution is not None)


ENDS = (ActivityKind.PARTY_OFFBOARDED, ActivityKind.PRODUCT_TERMINATED)


def shown(offboarding: Offboarding) -> dict[str, str]:
    """Return the values of an offboarding that the log keeps, as it shows them."""
    values: dict[str, str | date | UUID | None] = {
        "status": offboarding.status.value,
        "resolution": offboarding.resolution,
        "assignee": offboarding.assignee_id and f"user_{offboarding.assignee_id}",
        "reason": offboarding.reason,
        "comment": offboarding.comment,
        "effectiveOn": offboarding.effective_on,
        "dueOn": offboarding.due_on,
    }
    return {name: str(value) for name, value in values.items() if value}


async def test_queues_no_letter_for_what_is_past() -> None:
    await write_demo()

    assert await OutgoingMail.filter(status=MailStatus.QUEUED).count() == 0
    assert await queue_reminders(datetime.now(UTC)) == 0
    assert await OutgoingMail.filter(status=MailStatus.FAILED).count() == 2


async def test_hands_out_a_token_for_each_person_who_may_use_one() -> None:
    await write_demo()

    tokens = await demo_tokens()

    viewers = {token.email: await auth.viewer_of(f"Bearer {token.token}") for token in tokens}
    assert [token.email for token in tokens] == [
        "officer@demo.example",
        "approver@demo.example",
        "approver2@demo.example",
        "manager@demo.example",
        "analyst@demo.example",
        "reader@demo.example",
        "admin@demo.example",
        "officer@other.example",
        "approver@other.example",
    ]
    assert tokens[1][:4] == ("approver@demo.example", "Adam Approver", "Approver", "Demo Bank")
    assert viewers["manager@demo.example"].client_access is ClientAccess.OWN
    assert viewers["admin@demo.example"].permissions == {Permission.USER_ADMIN}
    other = await Organisation.get(name=OTHER_BANK.name)
    assert viewers["officer@other.example"].organisation_id == other.id


async def test_hands_out_nothing_where_there_is_no_demo() -> None:
    tokens = await demo_tokens()

    assert tokens == []


async def test_keeps_the_tokens_of_the_latest_starts_and_all_others() -> None:
    await write_demo()
    officer = await User.get(email="officer@demo.example")
    own = await auth.issue_token(officer, "Nightly report", timedelta(days=1))
    first = await demo_tokens()

    later = [await demo_tokens() for _ in range(STARTS)]

    auth.forget_trusted()
    with pytest.raises(auth.UnauthenticatedError):
        await auth.viewer_of(f"Bearer {first[0].token}")
    for token in (own, *(tokens[0].token for tokens in later)):
        assert (await auth.viewer_of(f"Bearer {token}")).user_id == officer.id
    assert await ApiToken.all().count() == STARTS * len(first) + 1
