"""Who may do what (R11): each permission by each operation, through a token that lacks just it.

The user of the token has all permissions; what the token lacks, nobody may do by it.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

import pytest

import auth
from events import feeding
from models import (
    Activity,
    ActivityKind,
    ApiToken,
    MailStatus,
    Organisation,
    OutgoingMail,
    Permission,
    User,
    UserGroup,
    Viewer,
    Webhook,
    WebhookDelivery,
)
from models.credentials import hash_of
from models.webhook import new_secret
from schema import schema
from schema.context import Context
from schema.execution import OperationRefusedError
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
)
from tests.places import GRAPHQL

READ: Final = "CLIENT_FILE_READ"
ADMIN: Final = "USER_ADMIN"
PARTY, PRODUCT = "PARTY_OFFBOARDING_WRITE", "PRODUCT_TERMINATION_WRITE"
PARTY_DONE = "PARTY_OFFBOARDING_DONE_WRITE"

_numbers = count(1)

Variables = Mapping[str, Any]
Make = Callable[[User], Awaitable[Variables]]


@dataclass(frozen=True)
class Operation:
    """An operation, what makes it possible, and each permission without which it is not."""

    document: str
    needs: frozenset[str]
    make: Make


async def _nothing(_user: User) -> Variables:
    return {}


def asks(document: str, *needs: str, make: Make = _nothing) -> Operation:
    return Operation(document, frozenset(needs), make)


def does(name: str, *needs: str, make: Make) -> Operation:
    """Return a mutation; its input is what `make` gives."""
    stem = name[0].upper() + name[1:]
    document = (
        f"mutation ($input: {stem}Input!) {{ {name}(input: $input) {{ __typename"
        " ... on Error { code } } }"
    )

    async def variables(user: User) -> Variables:
        return {"input": await make(user)}

    return Operation(document, frozenset(needs), variables)


async def party(_user: User) -> Variables:
    return {"id": gid(await make_party())}


async def product(_user: User) -> Variables:
    return {"id": gid(await make_product())}


async def offboarding(_user: User) -> Variables:
    return {"id": gid(await make_offboarding(party=await make_party()))}


async def party_to_start(_user: User) -> Variables:
    return {"partyId": gid(await make_party())}


async def product_to_start(_user: User) -> Variables:
    return {"productId": gid(await make_product())}


async def to_move(_user: User) -> Variables:
    task = await make_offboarding(party=await make_party())
    return {"offboardingId": gid(task), "status": "REVIEW"}


async def to_assign(user: User) -> Variables:
    task = await make_offboarding(party=await make_party())
    return {"offboardingId": gid(task), "assigneeId": gid(user)}


async def to_resolve(_user: User) -> Variables:
    task = await make_offboarding(party=await make_party())
    return {"offboardingId": gid(task), "resolution": "CANCELLED"}


async def to_end(_user: User) -> Variables:
    party, product = await make_party(), await make_product()
    await make_holding(party, product)
    return {"partyId": gid(party), "productId": gid(product)}


async def mail(user: User) -> Variables:
    task = await make_offboarding(party=await make_party(), assignee=user)
    letter = OutgoingMail.task_assigned(task, user.id, STARTED_AT)
    letter.status = MailStatus.FAILED
    await letter.save()
    return {"mailId": gid(letter)}


async def person(_user: User) -> Variables:
    return {"email": f"new{next(_numbers)}@bank.example", "name": "New"}


async def colleague(_user: User) -> Variables:
    return {"userId": gid(await make_user()), "enabled": False}


async def group(user: User) -> Variables:
    made = await UserGroup.create(
        organisation_id=user.organisation_id,
        name=f"Group {next(_numbers)}",
        description="",
        permissions=[],
    )
    return {"groupId": gid(made)}


async def group_to_make(_user: User) -> Variables:
    return {"name": f"Group {next(_numbers)}", "permissions": []}


async def token_to_make(_user: User) -> Variables:
    until = datetime.now(UTC) + timedelta(days=1)
    return {"name": "New", "scopes": ["USER_ADMIN"], "expiresAt": until.isoformat()}


async def token(user: User) -> Variables:
    secret = await make_token(user)
    return {"apiTokenId": gid(await ApiToken.get(hash=hash_of(secret)))}


async def webhook(user: User) -> Variables:
    made = await Webhook.create(
        organisation_id=user.organisation_id,
        created_by=user,
        url="https://receiver.example",
        secret=new_secret(),
        place=0,
    )
    return {"webhookId": gid(made)}


async def webhook_to_make(user: User) -> Variables:
    await Webhook.filter(organisation_id=user.organisation_id).delete()
    return {"url": "https://receiver.example"}


async def delivery(user: User) -> Variables:
    made = await Webhook.create(
        organisation_id=user.organisation_id,
        created_by=user,
        url="https://receiver.example",
        secret=new_secret(),
        place=0,
    )
    task = await make_offboarding(party=await make_party())
    entry = await Activity.create(
        organisation_id=user.organisation_id,
        kind=ActivityKind.STATUS_CHANGED,
        occurred_at=STARTED_AT,
        party_id=task.party_id,
        changes=[],
    )
    told = await WebhookDelivery.create(
        organisation_id=user.organisation_id, webhook=made, activity=entry
    )
    return {"deliveryId": gid(told)}


async def preferences(_user: User) -> Variables:
    return {"dailyDigest": True}


OPERATIONS: Final[Mapping[str, Operation]] = {
    "Query.viewer": asks("{ viewer { permissions } }"),
    "Query.node": asks("query ($id: ID!) { node(id: $id) { id } }", READ, make=party),
    "Query.nodes": asks("query ($id: ID!) { nodes(ids: [$id]) { id } }", READ, make=party),
    "Query.clientFile": asks("{ clientFile { parties { totalCount } } }", READ),
    "Query.party": asks("query ($id: ID!) { party(id: $id) { id } }", READ, make=party),
    "Query.product": asks("query ($id: ID!) { product(id: $id) { id } }", READ, make=product),
    "Query.offboarding": asks(
        "query ($id: ID!) { offboarding(id: $id) { id } }", READ, make=offboarding
    ),
    "Query.offboardings": asks("{ offboardings { totalCount } }", READ),
    "Query.assignableUsers": asks("{ assignableUsers { totalCount } }"),
    "Query.activity": asks("{ activity { totalCount } }"),  # with READ or ADMIN, see below
    "Query.statistics": asks("{ statistics { total } }", READ),
    "Query.mails": asks("{ mails { totalCount } }", ADMIN),
    "Query.users": asks("{ users { totalCount } }", ADMIN),
    "Query.userGroups": asks("{ userGroups { totalCount } }", ADMIN),
    "Query.apiTokens": asks("{ apiTokens { totalCount } }", ADMIN),
    "Mutation.startPartyOffboarding": does(
        "startPartyOffboarding", READ, PARTY, make=party_to_start
    ),
    "Mutation.startProductTermination": does(
        "startProductTermination", READ, PRODUCT, make=product_to_start
    ),
    "Mutation.saveOffboarding": does("saveOffboarding", READ, PARTY, make=to_move),
    "Mutation.setOffboardingStatus": does("setOffboardingStatus", READ, PARTY, make=to_move),
    "Mutation.assignOffboarding": does("assignOffboarding", READ, PARTY, make=to_assign),
    "Mutation.resolveOffboarding": does("resolveOffboarding", READ, PARTY_DONE, make=to_resolve),
    "Mutation.endHolding": does("endHolding", READ, PRODUCT, make=to_end),
    "Mutation.redeliverMail": does("redeliverMail", ADMIN, make=mail),
    "Mutation.setMailPreferences": does("setMailPreferences", make=preferences),
    "Query.webhooks": asks("{ webhooks { totalCount } }", ADMIN),
    "Query.webhookDeliveries": asks("{ webhookDeliveries { totalCount } }", ADMIN),
    "Mutation.createWebhook": does("createWebhook", ADMIN, make=webhook_to_make),
    "Mutation.updateWebhook": does("updateWebhook", ADMIN, make=webhook),
    "Mutation.rotateWebhookSecret": does("rotateWebhookSecret", ADMIN, make=webhook),
    "Mutation.deleteWebhook": does("deleteWebhook", ADMIN, make=webhook),
    "Mutation.redeliverWebhook": does("redeliverWebhook", ADMIN, make=delivery),
    "Mutation.inviteUser": does("inviteUser", ADMIN, make=person),
    "Mutation.setUserAccess": does("setUserAccess", ADMIN, make=colleague),
    "Mutation.createUserGroup": does("createUserGroup", ADMIN, make=group_to_make),
    "Mutation.changeUserGroup": does("changeUserGroup", ADMIN, make=group),
    "Mutation.deleteUserGroup": does("deleteUserGroup", ADMIN, make=group),
    "Mutation.createApiToken": does("createApiToken", ADMIN, make=token_to_make),
    "Mutation.revokeApiToken": does("revokeApiToken", ADMIN, make=token),
    "Subscription.activity": asks("subscription { activity { kind } }", READ),
    "Subscription.offboardingChanged": asks("subscription { offboardingChanged { id } }", READ),
}


async def make_owner(organisation: Organisation) -> User:
    """Make somebody who has every permission there is."""
    everything = await UserGroup.create(
        organisation_id=organisation.id,
        name="Everything",
        description="",
        permissions=list(Permission),
    )
    owner = await make_user(organisation=organisation, groups=[])
    await owner.groups.add(everything)
    await make_user(organisation=organisation, groups=["Administrator"])
    return owner


async def is_allowed(viewer: Viewer, operation: Operation, variables: Variables) -> bool:
    if operation.document.startswith("subscription"):
        try:
            stream = await schema.answers(schema.prepare(operation.document), Context(viewer))
        except OperationRefusedError:
            return False
        await stream.aclose()
        return True
    whole = await answer(viewer, operation.document, dict(variables))
    if "errors" in whole:
        assert [error["extensions"]["code"] for error in whole["errors"]] == ["FORBIDDEN"]
        return False
    (told,) = whole["data"].values()
    if told in (None, [None]):
        return False
    if isinstance(told, dict) and "code" in told:
        assert told["code"] in {"FORBIDDEN", "NOT_FOUND"}, told
        return False
    return True


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("name", OPERATIONS)
async def test_needs_its_permissions_and_no_other(name: str, shared_database_url: str) -> None:
    operation, missing = OPERATIONS[name], set()

    async with feeding(shared_database_url):
        owner = await make_owner(await make_organisation())
        for permission in Permission:
            variables = await operation.make(owner)
            scopes = [scope for scope in Permission if scope is not permission]
            secret = await make_token(owner, scopes=scopes)
            viewer = await auth.viewer_of(f"Bearer {secret}")
            assert viewer.permissions == set(scopes)
            if not await is_allowed(viewer, operation, variables):
                missing.add(str(permission))

    assert missing == operation.needs


def test_tries_every_operation_there_is() -> None:
    roots = (GRAPHQL.query_type, GRAPHQL.mutation_type, GRAPHQL.subscription_type)

    assert set(OPERATIONS) == {f"{root.name}.{field}" for root in roots for field in root.fields}


@pytest.mark.usefixtures("database")
async def test_lets_the_log_be_asked_with_either_of_two_and_not_without() -> None:
    owner = await make_owner(await make_organisation())
    allowed = {}
    for scopes in ([READ], [ADMIN], [PARTY]):
        viewer = await auth.viewer_of(f"Bearer {await make_token(owner, scopes=scopes)}")
        allowed[scopes[0]] = await is_allowed(viewer, OPERATIONS["Query.activity"], {})

    assert allowed == {READ: True, ADMIN: True, PARTY: False}
