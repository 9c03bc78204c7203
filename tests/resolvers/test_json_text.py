"""JSON as SQL text: the text that PostgreSQL joins is JSON, whatever the values."""

import json
from typing import Final

import pytest

from database import fetch_text
from models import Party
from resolvers.json_text import (
    LONGEST_CHAIN,
    Json,
    column,
    json_array,
    json_object,
    name,
    plain,
    selected,
    text_of,
    value,
)

pytestmark = pytest.mark.usefixtures("database")

NASTY: Final = 'O\'Hara "\\" \n\t\x01 é 💥 </script> \u2028'


async def built(json_: Json, *values: object) -> object:
    text = await fetch_text(f"select {text_of(json_)}", list(values))
    assert text is not None
    return json.loads(text)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("null::text", None),
        ("null::int", None),
        ("true", True),
        ("7", 7),
        ("0.5::float8", 0.5),
        ("date '2026-02-28'", "2026-02-28"),
        ("timestamptz '2026-02-28 12:00:00.5+00'", "2026-02-28T12:00:00.5+00:00"),
        ("array['a', 'b']", ["a", "b"]),
    ],
)
async def test_writes_a_value_of_any_type(sql: str, expected: object) -> None:
    assert await built(json_object([("value", value(sql))])) == {"value": expected}


async def test_escapes_what_a_text_holds() -> None:
    assert await built(json_object([("value", value("$1::text"))]), NASTY) == {"value": NASTY}


async def test_escapes_a_column_of_text() -> None:
    field = Party._meta.fields_map["name"]  # noqa: SLF001 - Tortoise's place for it

    assert await built(column(field, "$1::text"), NASTY) == NASTY


async def test_writes_null_for_a_column_that_is_null() -> None:
    fields = Party._meta.fields_map  # noqa: SLF001 - as above

    for field, type_ in (
        ("email", "text"),
        ("onboarded_on", "date"),
        ("offboarded_at", "timestamptz"),
    ):
        assert await built(column(fields[field], f"null::{type_}")) is None


async def test_writes_names_and_plain_texts_as_they_are() -> None:
    pairs = [("type", name("Party")), ("id", plain("7", "party_"))]

    assert await built(json_object(pairs)) == {"type": "Party", "id": "party_7"}


async def test_writes_an_object_without_fields() -> None:
    assert await built(json_object([])) == {}


async def test_writes_an_array_in_its_order() -> None:
    rows = "from generate_series(1, 3) n"

    numbers = await fetch_text(selected(json_array(value("n"), "n desc"), rows), [])
    none = await fetch_text(selected(json_array(value("n")), f"{rows} where false"), [])

    assert (numbers, none) == ("[3,2,1]", "[]")


async def test_writes_more_fields_than_a_chain_is_long() -> None:
    pairs = [(f"f{n}", value(str(n))) for n in range(LONGEST_CHAIN**2 + 1)]

    assert await built(json_object(pairs)) == {f"f{n}": n for n in range(LONGEST_CHAIN**2 + 1)}
