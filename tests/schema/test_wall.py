"""The wall (R12): whatever can be asked or done says nothing of what is not the viewer's to see.

What there is to ask is read off the schema: a new field is tried without anybody thinking of it,
and a new name for an id has to be put into `tests/places.py` before this passes.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx2
import pytest
from graphql import parse, validate
from starlette.applications import Starlette

from events import feeding
from exporting import export_routes
from models import (
    Activity,
    ActivityKind,
    ApiToken,
    ClientAccess,
    Organisation,
    OutgoingMail,
    User,
    UserGroup,
    Webhook,
    WebhookDelivery,
)
from models.webhook import new_secret
from rates import Rates
from resolvers import cloud_events
from routes.change_feed import followed
from schema import schema
from schema.context import Context
from schema.exports import EXPORTS
from tests.asking import answer, gid
from tests.factories import (
    STARTED_AT,
    make_holding,
    make_offboarding,
    make_organisation,
    make_party,
    make_product,
    make_token,
    make_user,
    viewer_for,
)
from tests.places import (
    GRAPHQL,
    KINDS,
    NODES,
    document_for,
    documents,
    fields_in,
    fields_of_rows,
    places,
)
from tests.records import everything
from tests.served import until

EVERYTHING: Final = ("Approver", "Analyst", "Administrator")
PLACES: Final = [place for place in places() if place.root != "subscription"]
FOLLOWED: Final = [place for place in places() if place.root == "subscription"]
# What client access OWN has a say in; people, groups and their organisation are no client's.
OF_CLIENTS: Final = {"Activity", "Offboarding", "OutgoingMail", "Party", "Product"}

Ids = Mapping[str, str]


@dataclass(frozen=True)
class Seeing:
    """Somebody, one row of each kind that they see, and one that they do not."""

    viewer: User
    own: Ids
    hidden: Ids


async def make_one_of_each(organisation: Organisation, manager: User) -> dict[str, str]:
    """Make a row of each kind, all about one client of a manager."""
    party = await make_party(organisation=organisation, manager=manager)
    product = await make_product(organisation=organisation)
    await make_holding(party, product)
    offboarding = await make_offboarding(party=party, assignee=manager, started_by=manager)
    entry = await Activity.create(
        organisation_id=organisation.id,
        kind=ActivityKind.OFFBOARDING_STARTED,
        occurred_at=STARTED_AT,
        actor=manager,
        offboarding=offboarding,
        party=party,
        product=product,
        user=manager,
        changes=[{"field": "status", "before": None, "after": "OPEN"}],
    )
    mail = OutgoingMail.task_assigned(offboarding, manager.id, STARTED_AT)
    await mail.save()
    rows = [party, product, offboarding, entry, mail, manager, organisation]
    return {type(row).__name__: gid(row) for row in rows}


async def add_of_people(ids: dict[str, str], user: User) -> dict[str, str]:
    """Return the ids with those of what administrators see of an organisation, too."""
    await make_token(user)
    token = await ApiToken.get(user_id=user.id)
    group = await UserGroup.create(
        organisation_id=user.organisation_id, name="Own", description="", permissions=[]
    )
    await user.groups.add(group)
    webhook = await Webhook.create(
        organisation_id=user.organisation_id,
        created_by=user,
        url="https://receiver.example/events",
        secret=new_secret(),
        place=0,
    )
    delivery = await WebhookDelivery.create(
        organisation_id=user.organisation_id,
        webhook=webhook,
        activity_id=int(ids["Activity"].rpartition("_")[2]),
    )
    rows = [token, group, webhook, delivery]
    return ids | {type(row).__name__: gid(row) for row in rows}


def nothing(kind: str, ids: Ids) -> str:
    """Return an id of a kind that is nobody's."""
    prefix = ids[kind].rpartition("_")[0]
    return f"{prefix}_{'9' * 15 if kind == 'Activity' else '00000000-0000-4000-8000-000000000000'}"


@pytest.fixture(params=["another organisation", "a colleague's client"])
async def seeing(request: pytest.FixtureRequest, database: None) -> Seeing:  # noqa: ARG001 - where it is
    home = await make_organisation("Northbank")
    if request.param == "another organisation":
        viewer = await make_user(organisation=home, groups=EVERYTHING)
        other = await make_organisation("Southbank")
        stranger = await make_user(organisation=other, groups=EVERYTHING)
        hidden = await add_of_people(await make_one_of_each(other, stranger), stranger)
    else:
        viewer = await make_user(
            organisation=home, groups=["Approver", "Analyst"], client_access=ClientAccess.OWN
        )
        colleague = await make_user(organisation=home)
        hidden = await make_one_of_each(home, colleague)
        hidden = {kind: id_ for kind, id_ in hidden.items() if kind in OF_CLIENTS}
    own = await add_of_people(await make_one_of_each(home, viewer), viewer)
    return Seeing(viewer, own, hidden)


async def test_says_of_a_hidden_row_what_it_says_of_none(seeing: Seeing) -> None:
    before = await everything()
    told = []

    for place in PLACES:
        for kind in seeing.hidden.keys() & set(place.kinds):
            document = document_for(place, seeing.own, kind)
            hidden, nobody = [
                await answer(seeing.viewer, document, {"id": id_})
                for id_ in (seeing.hidden[kind], nothing(kind, seeing.own))
            ]
            if hidden != nobody or seeing.hidden[kind] in str(hidden):
                told.append(f"{place} of {kind}")
            elif await everything() != before:
                told.append(f"{place} of {kind} changes something")
                before = await everything()

    assert told == []


async def test_says_something_else_of_a_row_that_is_seen(seeing: Seeing) -> None:
    """Or else the test before this one would pass whatever the wall is like."""
    if seeing.viewer.client_access is ClientAccess.OWN:
        pytest.skip("Administration is closed to who sees their own clients only.")
    untold = []

    for place in PLACES:
        for kind in place.kinds:
            document = document_for(place, seeing.own, kind)
            assert validate(GRAPHQL, parse(document)) == []
            if place.root == "query":
                said, nobody = [
                    await answer(seeing.viewer, document, {"id": id_})
                    for id_ in (seeing.own[kind], nothing(kind, seeing.own))
                ]
                untold += [f"{place} of {kind}"] if said == nobody else []

    assert untold == []


async def collect(into: list[bytes], viewer: User, document: str, id_: str) -> None:
    context = Context(await viewer_for(viewer))
    prepared = schema.prepare(document, {"id": id_})
    async for parts in await schema.answers(prepared, context):
        into.extend(parts)


async def collect_events(into: list[bytes], viewer: User, parameter: str, id_: str) -> None:
    """Follow `/events` as who is there known already."""
    context = Context(await viewer_for(viewer))
    asked = followed([(parameter, id_)], None)
    async for parts in await cloud_events.follow(context.current, asked):
        into.extend(parts)


async def happen(ids: Ids) -> None:
    """Write an entry about an offboarding, and tell who follows."""
    entry = await Activity.get(id=ids["Activity"].rpartition("_")[2])
    await Activity.create(
        organisation_id=entry.organisation_id,
        kind=ActivityKind.STATUS_CHANGED,
        occurred_at=STARTED_AT,
        actor_id=entry.actor_id,
        user_id=entry.user_id,
        offboarding_id=entry.offboarding_id,
        party_id=entry.party_id,
        product_id=entry.product_id,
        changes=[],
    )


async def test_tells_who_follows_nothing_of_a_hidden_row(
    seeing: Seeing, shared_database_url: str
) -> None:
    """What is heard by an id that is hidden, none, and the viewer's own, in one process."""
    heard: dict[tuple[str, str], list[bytes]] = {}
    async with feeding(shared_database_url) as feed, asyncio.TaskGroup() as following:
        tasks = []
        for place in FOLLOWED:
            (kind,) = place.kinds
            document = document_for(place, seeing.own, kind)
            ids = {"own": seeing.own[kind], "none": nothing(kind, seeing.own)}
            if kind in seeing.hidden:
                ids["hidden"] = seeing.hidden[kind]
            for whose, id_ in ids.items():
                into = heard[str(place), whose] = []
                coroutine = collect(into, seeing.viewer, document, id_)
                tasks.append(following.create_task(coroutine))
                if place.fields == ("activity",):
                    into = heard[f"/events: {place}", whose] = []
                    coroutine = collect_events(into, seeing.viewer, place.path[-1], id_)
                    tasks.append(following.create_task(coroutine))

        async def is_heard() -> bool:
            await happen(seeing.hidden)
            await happen(seeing.own)
            feed.wake()
            return all(parts for (_, whose), parts in heard.items() if whose == "own")

        await until(is_heard)
        for task in tasks:
            task.cancel()

    assert [place for (place, whose), parts in heard.items() if whose != "own" and parts] == []


@pytest.fixture
async def exports(database: None) -> AsyncIterator[httpx2.AsyncClient]:  # noqa: ARG001 - what is exported
    transport = httpx2.ASGITransport(app=Starlette(routes=export_routes(Rates(None, None))))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:
        yield http


async def test_exports_by_a_hidden_id_what_it_exports_by_none(
    seeing: Seeing, exports: httpx2.AsyncClient
) -> None:
    headers = {"authorization": f"Bearer {await make_token(seeing.viewer)}"}
    told, asked = [], set()

    for name, export in EXPORTS.items():
        for parameter, (kind,) in KINDS.items():
            if parameter not in export.parameters:
                continue
            ids = [nothing(kind, seeing.own), seeing.own[kind]]
            if kind in seeing.hidden:
                ids.append(seeing.hidden[kind])
            files = [
                await exports.get(
                    f"/export/{name}.ndjson", params={parameter: id_}, headers=headers
                )
                for id_ in ids
            ]
            assert {file.status_code for file in files} == {200}
            nobody, own, *hidden = [file.content for file in files]
            asked |= {f"{name} by {parameter}"} if own else set()
            told += [f"{name} by {parameter}"] if any(hidden) or nobody else []

    assert told == []
    assert asked == {
        *("parties by managerId", "offboardings by assigneeId", "activity by actorId"),
        *("activity by offboardingId", "activity by partyId", "activity by productId"),
        "activity by userId",
    }


def ids_for(name: str, own: Ids) -> dict[str, Any]:
    return {"ids": [own[name]]} if name in NODES else {}


async def all_answers(seeing: Seeing) -> dict[str, Any]:
    return {
        name: await answer(seeing.viewer, document, ids_for(name, seeing.own))
        for name, document in documents()
    }


async def test_says_the_same_whatever_there_is_that_is_not_seen(seeing: Seeing) -> None:
    before = await all_answers(seeing)

    if seeing.viewer.client_access is ClientAccess.OWN:
        colleague = await User.exclude(id=seeing.viewer.id).order_by("id").first()
        assert colleague is not None
        await make_one_of_each(await Organisation.get(name="Northbank"), colleague)
    other = await Organisation.get_or_none(name="Southbank") or await make_organisation()
    stranger = await make_user(organisation=other, groups=EVERYTHING)
    await make_one_of_each(other, stranger)
    await make_token(stranger)

    assert await all_answers(seeing) == before


async def test_says_something_of_each_kind_of_row(seeing: Seeing) -> None:
    told = await all_answers(seeing)

    faults = {name: said["errors"] for name, said in told.items() if "errors" in said}
    if seeing.viewer.client_access is ClientAccess.OPEN:
        assert faults == {}
        assert [name for name in NODES if told[name]["data"]["nodes"] == [None]] == []
    else:
        assert set(faults) == {
            *("users", "userGroups", "apiTokens", "mails", "webhooks", "webhookDeliveries")
        }


def test_asks_for_every_field_there_is() -> None:
    asked = set().union(*(fields_in(document) for _, document in documents()))
    own = dict.fromkeys(NODES, "x")
    asked |= set().union(*(fields_in(document_for(p, own, p.kinds[0])) for p in PLACES))

    assert fields_of_rows() - asked == set()
