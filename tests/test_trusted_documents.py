"""Trusted documents, over each transport: sent by their hash, and none executed but these."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest

from database import connected
from schema.trusted import id_of, manifest_of
from tests.bank import SET_STATUS, Bank, make_bank
from tests.factories import make_offboarding
from tests.served import served
from tests.sockets import socket

ID: Final = id_of(SET_STATUS)
OTHER: Final = SET_STATUS.replace("__typename", "again: __typename")
NOT_FOUND: Final = "PERSISTED_QUERY_NOT_FOUND"
DONE: Final = "SetOffboardingStatusSuccess"


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file that registers one document."""
    path: Path = tmp_path_factory.mktemp("trusted") / "trusted.json"
    path.write_text(manifest_of([SET_STATUS]))
    return path


@pytest.fixture(scope="module")
async def bank(shared_database_url: str, documents: Path) -> AsyncIterator[Bank]:
    """Yield a bank whose server executes what is registered only."""
    settings = {"DATABASE_URL": shared_database_url, "TRUSTED_DOCUMENTS": str(documents)}
    async with served(**settings) as server:
        yield await make_bank(shared_database_url, server)


async def post(bank: Bank, body: dict[str, Any], **headers: str) -> Any:
    """Ask over HTTP."""
    shown = {"authorization": f"Bearer {bank.token}", **headers}
    return await bank.server.http.post("/graphql", json=body, headers=shown)


async def say(bank: Bank, body: dict[str, Any]) -> Any:
    """Ask over a websocket, and return what comes first."""
    async with socket(bank.server.url, bank.token) as one:
        await one.say(id="1", type="subscribe", payload=body)
        return await one.hear_of("1")


@pytest.mark.parametrize(
    "by_hash",
    [
        {"documentId": ID},
        {"documentId": f"sha256:{ID}"},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": ID}}},
        {"query": SET_STATUS},
    ],
)
async def test_executes_what_is_registered_over_each_transport(
    bank: Bank, by_hash: dict[str, Any]
) -> None:
    body = by_hash | {"variables": {"id": bank.offboarding, "status": "REVIEW"}}

    plain = await post(bank, body)
    streamed = await post(bank, body, accept="text/event-stream")
    said = await say(bank, body)

    assert DONE in plain.text
    assert DONE in streamed.text
    assert (said["type"], DONE in str(said)) == ("next", True)


@pytest.mark.parametrize(
    "other",
    [{"query": OTHER}, {"query": OTHER, "documentId": ID}, {"documentId": id_of(OTHER)}],
)
async def test_executes_nothing_else_over_any_transport(bank: Bank, other: dict[str, Any]) -> None:
    body = other | {"variables": {"id": bank.offboarding, "status": "REVIEW"}}

    plain = await post(bank, body)
    streamed = await post(bank, body, accept="text/event-stream")
    said = await say(bank, body)

    assert (plain.status_code, NOT_FOUND in plain.text) == (400, True)
    assert NOT_FOUND in streamed.text
    assert (said["type"], said["payload"][0]["extensions"]["code"]) == ("error", NOT_FOUND)


async def test_repeats_no_mutation_that_is_sent_by_its_hash(
    bank: Bank, shared_database_url: str
) -> None:
    async with connected(shared_database_url, 1):
        offboarding = await make_offboarding()
    variables = {"id": f"offboarding_{offboarding.id}", "status": "REVIEW"}
    body = {"documentId": ID, "variables": variables}

    first = await post(bank, body, **{"idempotency-key": "by-hash"})
    again = await post(bank, body, **{"idempotency-key": "by-hash"})

    assert DONE in first.text
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"
