"""The subscriptions `activity` and `offboardingChanged`: who is told of what, and in what state."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, Final

import orjson
import pytest

from auth import UnauthenticatedError, credential_of, forget_trusted
from database import connected
from events import feed, feeding
from models import (
    ApiToken,
    ClientAccess,
    Offboarding,
    OffboardingStatus,
    Party,
    TerminationReason,
    User,
)
from schema import schema
from schema.context import Context
from schema.execution import OperationRefusedError
from tests.asking import data, gid
from tests.conftest import PATIENCE, POOL_SIZE
from tests.factories import (
    make_offboarding,
    make_organisation,
    make_party,
    make_token,
    make_user,
    viewer_for,
)
from tests.served import until

ACTIVITY: Final = """subscription ($filter: ActivityFilter) {
  told: activity(filter: $filter) { kind offboarding { id } changes { field after } }
}"""
CHANGED: Final = """subscription ($id: ID, $mine: Boolean! = false) {
  offboardingChanged(offboardingId: $id, assignedToMe: $mine) { id status version }
}"""
SAVE: Final = """mutation ($input: SaveOffboardingInput!) { saveOffboarding(input: $input) {
  __typename
} }"""

Stream = AsyncGenerator[Any, None]


@pytest.fixture(autouse=True)
async def fed(database_url: str) -> AsyncIterator[None]:
    """Feed who follows a database of the test's own."""
    forget_trusted()
    async with connected(database_url, POOL_SIZE, PATIENCE), feeding(database_url):
        yield
    forget_trusted()


async def subscribe(user: User, document: str, **variables: Any) -> Stream:
    """Follow as somebody with a token, whose access is found out again and again."""
    token = f"Bearer {await make_token(user)}"
    scope = {"type": "http", "headers": [(b"authorization", token.encode())]}
    credential = credential_of(scope)
    context = Context(await credential.viewer(), credential)
    answers = await schema.answers(schema.prepare(document, variables), context)

    async def each() -> Stream:
        async with aclosing(answers):
            async for batch in answers:
                for answer in batch:
                    (told,) = orjson.loads(answer)["data"].values()
                    yield told

    return each()


async def save(offboarding: Offboarding, by: User, **wanted: Any) -> None:
    saved = await data(by, SAVE, input={"offboardingId": gid(offboarding), **wanted})
    assert saved["saveOffboarding"]["__typename"] == "SaveOffboardingSuccess"


async def until_followed_by(number: int) -> None:
    """Wait until so many follow the log."""
    await until(lambda: feed().followers == number)


async def next_of(stream: Stream) -> Any:
    return await asyncio.wait_for(anext(stream), PATIENCE)


async def test_tells_of_what_the_filter_names(subtests: pytest.Subtests) -> None:
    user, other = await make_user(), await make_user()
    offboarding, beside = await make_offboarding(), await make_offboarding()
    streams = {
        "all": await subscribe(user, ACTIVITY),
        "kind": await subscribe(user, ACTIVITY, filter={"kind": ["ASSIGNED"]}),
        "offboarding": await subscribe(user, ACTIVITY, filter={"offboardingId": gid(offboarding)}),
        "party": await subscribe(user, ACTIVITY, filter={"partyId": f"party_{beside.party_id}"}),
        "actor": await subscribe(user, ACTIVITY, filter={"actorId": gid(other)}),
    }
    waiting = {name: asyncio.create_task(next_of(stream)) for name, stream in streams.items()}
    await until_followed_by(len(streams))

    await save(offboarding, user, status="REVIEW")
    await save(beside, other, assigneeId=gid(user))

    first, second = gid(offboarding), gid(beside)
    expected = {"all": first, "kind": second, "offboarding": first, "party": second}
    for name, id_ in {**expected, "actor": second}.items():
        with subtests.test(name):
            assert (await waiting[name])["offboarding"]["id"] == id_
    for stream in streams.values():
        await stream.aclose()


async def test_shows_reasons_to_who_may_read_them_by_then() -> None:
    approver, officer = await make_user(), await make_user(groups=["Officer"])
    offboarding = await make_offboarding()
    streams = [await subscribe(user, ACTIVITY) for user in (approver, officer)]
    waiting = [asyncio.create_task(next_of(stream)) for stream in streams]
    await until_followed_by(len(streams))

    await save(offboarding, approver, reason=TerminationReason.DEATH)

    told = [(await task)["changes"][0] for task in waiting]
    assert told == [
        {"field": "reason", "after": "DEATH"},
        {"field": "reason", "after": None},
    ]
    for stream in streams:
        await stream.aclose()


async def test_tells_nothing_of_another_organisation_or_of_others_clients() -> None:
    north, south = await make_organisation(), await make_organisation()
    boss = await make_user(organisation=north)
    narrow = await make_user(organisation=north, client_access=ClientAccess.OWN)
    stranger = await make_user(organisation=south)
    other = await make_offboarding(party=await make_party(organisation=north))
    mine = await make_offboarding(party=await make_party(organisation=north, manager=narrow))
    theirs = await make_offboarding(party=await make_party(organisation=south))
    streams = [await subscribe(user, ACTIVITY) for user in (narrow, stranger)]
    waiting = [asyncio.create_task(next_of(stream)) for stream in streams]
    await until_followed_by(len(streams))

    await save(other, boss, status="REVIEW")
    await save(mine, boss, status="REVIEW")
    await save(theirs, stranger, status="REVIEW")

    told = [(await task)["offboarding"]["id"] for task in waiting]
    assert told == [gid(mine), gid(theirs)]
    for stream in streams:
        await stream.aclose()


async def test_follows_what_access_becomes_while_it_is_open() -> None:
    boss = await make_user()
    narrow = await make_user(client_access=ClientAccess.OWN)
    offboarding = await make_offboarding()
    mine = await make_offboarding(party=await make_party(manager=narrow))
    stream = await subscribe(narrow, ACTIVITY)

    for row in (offboarding, mine):
        await save(row, boss, status="REVIEW")
    first = await next_of(stream)
    await Party.filter(id=offboarding.party_id).update(manager_id=narrow.id)
    await save(offboarding, boss, status="IN_PROGRESS")
    seen = await next_of(stream)
    await narrow.groups.clear()
    forget_trusted()
    await save(offboarding, boss, status="OPEN")

    assert first["offboarding"]["id"] == gid(mine)
    assert seen["changes"] == [{"field": "status", "after": "IN_PROGRESS"}]
    with pytest.raises(OperationRefusedError) as refusal:
        await next_of(stream)
    assert refusal.value.errors[0]["extensions"] == {
        "code": "FORBIDDEN",
        "permission": "CLIENT_FILE_READ",
    }


async def test_ends_when_the_token_is_revoked() -> None:
    boss, user = await make_user(), await make_user()
    offboarding = await make_offboarding()
    stream = await subscribe(user, ACTIVITY)
    waiting = asyncio.create_task(next_of(stream))
    await until_followed_by(1)

    await ApiToken.filter(user_id=user.id).update(revoked_at=offboarding.started_at)
    forget_trusted()
    await save(offboarding, boss, status="REVIEW")

    with pytest.raises(UnauthenticatedError):
        await waiting


async def test_is_forbidden_to_who_may_not_read() -> None:
    user = await make_user(groups=["Administrator"])

    for document in (ACTIVITY, CHANGED):
        with pytest.raises(OperationRefusedError) as refusal:
            await subscribe(user, document)
        assert refusal.value.errors[0]["extensions"]["code"] == "FORBIDDEN"


async def test_shows_the_latest_state_after_several_changes_at_once() -> None:
    user = await make_user()
    offboarding = await make_offboarding()
    stream = await subscribe(user, CHANGED, id=gid(offboarding))

    for status in ("REVIEW", "IN_PROGRESS", "OPEN", "REVIEW"):
        await save(offboarding, user, status=status)
    told = await next_of(stream)
    waiting = asyncio.create_task(next_of(stream))
    await asyncio.sleep(0.3)
    nothing_more = not waiting.done()
    await save(offboarding, user, status="OPEN")

    assert told == {"id": gid(offboarding), "status": "REVIEW", "version": 5}
    assert nothing_more
    assert (await waiting)["version"] == 6
    await stream.aclose()


async def test_tells_whose_task_it_is_or_was_until_the_change() -> None:
    ada, grace = await make_user(), await make_user()
    mine = await make_offboarding(assignee=ada)
    others = await make_offboarding()
    stream = await subscribe(ada, CHANGED, mine=True)
    waiting = asyncio.create_task(next_of(stream))
    await until_followed_by(1)

    await save(others, grace, status="REVIEW")
    await save(mine, grace, status="REVIEW")
    first = await waiting
    await save(mine, grace, assigneeId=gid(grace))
    lost = await next_of(stream)
    await save(mine, grace, status="OPEN")
    await save(others, grace, assigneeId=gid(ada))
    won = await next_of(stream)

    assert [told["id"] for told in (first, lost, won)] == [gid(mine), gid(mine), gid(others)]
    assert (first["status"], lost["version"]) == (OffboardingStatus.REVIEW, 3)
    await stream.aclose()


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        (ACTIVITY, {"filter": {"partyId": "x"}}),
        (ACTIVITY.replace("(filter: $filter)", '(after: "x", filter: $filter)'), {}),
        (CHANGED, {"id": "party_x"}),
        ("subscription { activity { kind } offboardingChanged { id } }", {}),
        ("subscription { activity { nothing } }", {}),
        ("subscription {", {}),
    ],
)
async def test_refuses_what_makes_no_sense(document: str, variables: dict[str, Any]) -> None:
    user = await make_user()

    with pytest.raises(OperationRefusedError) as refusal:
        await schema.answers(schema.prepare(document, variables), Context(await viewer_for(user)))

    assert {error["extensions"]["code"] for error in refusal.value.errors} == {"BAD_REQUEST"}
