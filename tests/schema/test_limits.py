"""How much one operation may ask for: as much as a limit allows, and nothing beyond."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from graphql import get_introspection_query

from models import Offboarding
from schema import schema
from schema.context import Context
from schema.trusted import id_of, manifest_of
from settings.limits import Limits
from tests.asking import answer, gid
from tests.conftest import PATIENT
from tests.factories import make_offboarding, make_user, viewer_for

HELLO: Final = "{ viewer { openTaskCount } }"
TASKS: Final = "query ($n: Int) { offboardings(first: $n) { totalCount nodes { id status } } }"
NODES: Final = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
FRAGMENTS: Final = """{ a: offboardings(first: 2) { ...Rows } }
fragment Rows on OffboardingConnection { nodes { id } ...Info }
fragment Info on OffboardingConnection { pageInfo { hasNextPage } }"""
# A list without pages counts as ten.
PAGE_IN_A_PAGE: Final = """{ offboardings(first: 3) { nodes {
  activity(first: 4) { nodes { id changes { field } } }
} } }"""
TWO: Final = """query A { viewer { openTaskCount } }
query B { viewer { a: openTaskCount b: openTaskCount } }"""
SET_STATUS: Final = """
mutation ($task: ID!) {
  setOffboardingStatus(input: {offboardingId: $task, status: REVIEW}) { __typename }
}
"""


@pytest.fixture(autouse=True)
def _database(database: None) -> Iterator[None]:  # noqa: ARG001 - what is asked about
    """Connect to a database, and leave the limits as they are by default."""
    yield
    schema.limit(PATIENT)


async def ask(document: str, **variables: Any) -> dict[str, Any]:
    """Return the whole answer to somebody who may do everything."""
    whole: dict[str, Any] = await answer(await make_user(), document, variables)
    return whole


async def cost_of(document: str, **variables: Any) -> int:
    """Return the cost that is told beside the data."""
    viewer = await viewer_for(await make_user())
    result = await schema.execute(document, variables, Context(viewer))
    assert not result.errors
    cost: int = (result.extensions or {})["cost"]
    return cost


def refusal(whole: dict[str, Any]) -> tuple[str, str, int, int | None]:
    """Return what is told of an operation that is too large: code, limit, maximum, actual."""
    assert whole["data"] is None
    (error,) = whole["errors"]
    told = error["extensions"]
    return told["code"], told["limit"], told["maximum"], told.get("actual")


def deep(levels: int) -> str:
    document = "__typename"
    for level in range(levels - 1, 1, -1):
        parent = "offboarding" if level % 2 == 0 else "subject"
        document = (
            f"{parent} {{ ... on {'Party' if level % 2 else 'Offboarding'} {{ {document} }} }}"
        )
    return f'{{ party(id: "party_00000000-0000-0000-0000-000000000000") {{ {document} }} }}'


def aliases(count: int) -> str:
    return "{ viewer { " + " ".join(f"a{n}: openTaskCount" for n in range(count)) + " } }"


def aliases_of_a_fragment(count: int) -> str:
    """Return a document with so many aliases, of which a fragment that is spread twice has four."""
    own = " ".join(f"a{n}: openTaskCount" for n in range(count - 5))
    return f"""{{ viewer {{ {own} ...Two }} again: viewer {{ ...Two }} }}
    fragment Two on Viewer {{ x: openTaskCount y: openTaskCount }}"""


def roots(count: int) -> str:
    return "{ " + "__typename " * count + "}"


def roots_of_a_fragment(count: int) -> str:
    return "{ ...All } fragment All on Query { ...on Query { " + "__typename " * count + "} }"


def mutations(count: int) -> str:
    one = 'endHolding(input: {partyId: "x", productId: "x"}) { __typename }'
    return "mutation { " + " ".join(f"m{n}: {one}" for n in range(count)) + " }"


def directives(count: int) -> str:
    return "{ __typename " + "@skip(if: false) " * count + "}"


def repeating(count: int) -> str:
    return "{ viewer { " + "openTaskCount " * count + "} }"


def long(length: int) -> str:
    return "{ __typename }".ljust(length)


@pytest.mark.parametrize(
    ("limits", "name", "document", "maximum"),
    [
        ({}, "MAX_DEPTH", deep, 12),
        ({"max_depth": 5}, "MAX_DEPTH", deep, 5),
        ({}, "MAX_ALIASES", aliases, 30),
        ({"max_aliases": 2}, "MAX_ALIASES", aliases, 2),
        ({"max_root_fields": 100}, "MAX_ALIASES", aliases_of_a_fragment, 30),
        ({}, "MAX_ROOT_FIELDS", roots, 20),
        ({"max_root_fields": 3}, "MAX_ROOT_FIELDS", roots, 3),
        ({}, "MAX_ROOT_FIELDS", roots_of_a_fragment, 20),
        ({}, "MAX_MUTATIONS", mutations, 5),
        ({"max_mutations": 1}, "MAX_MUTATIONS", mutations, 1),
        ({}, "MAX_DOCUMENT_BYTES", long, 20_000),
        ({"max_document_bytes": 100}, "MAX_DOCUMENT_BYTES", long, 100),
    ],
)
async def test_allows_as_much_as_a_limit_and_no_more(
    limits: dict[str, int], name: str, document: Callable[[int], str], maximum: int
) -> None:
    schema.limit(Limits(**limits))

    allowed = await ask(document(maximum))
    refused = await ask(document(maximum + 1))

    assert "LIMIT_EXCEEDED" not in str(allowed)
    assert allowed["data"] is not None
    assert refusal(refused) == ("LIMIT_EXCEEDED", name, maximum, maximum + 1)
    assert refused["errors"][0]["message"].endswith(f"at most {maximum} are allowed.")


@pytest.mark.parametrize(
    "place",
    [
        "query {} {{ __typename }}",
        "{{ __typename {} }}",
        "{{ ... {} {{ __typename }} }}",
        "{{ ...F {} }} fragment F on Query {{ __typename }}",
        "{{ ...F }} fragment F on Query {} {{ __typename }}",
        "query ($n: Int {}) {{ offboardings(first: $n) {{ totalCount }} }}",
    ],
)
async def test_counts_the_directives_in_each_place(place: str) -> None:
    refused = await ask(place.format("@skip(if: false) " * 6))

    assert refusal(refused) == ("LIMIT_EXCEEDED", "MAX_DIRECTIVES", 5, 6)


@pytest.mark.parametrize("filler", ["id ", "#\n", "x: openTaskCount @skip(if: true) "])
async def test_reads_no_more_tokens_than_the_limit(filler: str) -> None:
    refused = await ask("{ viewer { openTaskCount " + filler * (19_000 // len(filler)) + "} }")

    assert refusal(refused) == ("LIMIT_EXCEEDED", "MAX_TOKENS", 2_000, None)


async def test_reads_as_many_tokens_as_the_limit() -> None:
    schema.limit(Limits(max_tokens=10))

    read = await ask("{ a: __typename b: __typename }"), await ask(HELLO)
    refused = await ask("{ a: __typename b: __typename __typename __typename __typename }")

    assert [set(whole) for whole in read] == [{"data"}, {"data"}]
    assert refusal(refused) == ("LIMIT_EXCEEDED", "MAX_TOKENS", 10, None)


async def test_compares_no_more_fields_of_one_name_than_the_limit() -> None:
    by_default = await ask(repeating(230))
    schema.limit(Limits(max_comparisons=100))

    allowed = await ask(repeating(14))  # 91 pairs
    refused = await ask(repeating(15))  # 105 pairs

    assert refusal(by_default) == ("LIMIT_EXCEEDED", "MAX_COMPARISONS", 25_000, None)
    assert allowed == {"data": {"viewer": {"openTaskCount": 0}}}
    assert refusal(refused) == ("LIMIT_EXCEEDED", "MAX_COMPARISONS", 100, None)


@pytest.mark.parametrize(
    "document",
    [
        "{a" * 600 + "}" * 600,
        "{" + "...{" * 300 + "__typename" + "}" * 301,
        "{ node(id: " + "[" * 900 + "]" * 900 + ") { id } }",
        "query ($a: " + "[" * 300 + "ID" + "]" * 300 + ") { __typename }",
    ],
)
async def test_parses_no_document_of_any_depth(document: str) -> None:
    assert refusal(await ask(document)) == ("LIMIT_EXCEEDED", "MAX_DEPTH", 12, None)


@pytest.mark.parametrize(
    ("document", "variables", "cost"),
    [
        ("{ __typename }", {}, 1),
        (HELLO, {}, 2),
        # One for each field outside the page, and two for each item of it.
        (TASKS, {"n": 1}, 5),
        (TASKS, {"n": 7}, 17),
        (TASKS, {"n": 100}, 203),
        (TASKS, {}, 103),
        (TASKS, {"n": None}, 103),
        (TASKS.replace("Int", "Int = 3"), {}, 9),
        ("{ offboardings(last: 9) { edges { node { id } } } }", {}, 20),
        (NODES, {"ids": []}, 1),
        (FRAGMENTS, {}, 6),
        (PAGE_IN_A_PAGE, {}, 2 + 3 * (2 + 4 * (1 + 1 + 10))),
    ],
)
async def test_tells_what_an_operation_costs(
    document: str, variables: dict[str, Any], cost: int
) -> None:
    assert await cost_of(document, **variables) == cost


async def test_refuses_what_costs_too_much_by_its_variables_alone() -> None:
    schema.limit(Limits(max_cost=100))

    allowed = await ask(TASKS, n=48)
    refused = await ask(TASKS, n=49)
    again = await ask(TASKS, n=48)

    assert allowed == again == {"data": {"offboardings": {"totalCount": 0, "nodes": []}}}
    assert refusal(refused) == ("LIMIT_EXCEEDED", "MAX_COST", 100, 101)


async def test_weighs_the_operation_that_is_executed() -> None:
    user = await make_user()

    costs = [
        (await schema.execute(TWO, {}, Context(await viewer_for(user)), None, name)).extensions
        for name in ("A", "B")
    ]

    assert costs == [{"cost": 2}, {"cost": 3}]


@pytest.mark.parametrize("levels", [18, 40, 150])
@pytest.mark.parametrize("spread", ["...F{0} ...F{0}", 'a: party(id: "x") {{ ...F{0} }} ...F{0}'])
async def test_refuses_fragments_that_double_without_following_each_path(
    levels: int, spread: str
) -> None:
    type_ = "Query" if "party" in spread else "Viewer"
    fragments = " ".join(
        f"fragment F{n} on {type_} {{ {spread.format(n + 1)} }}" for n in range(levels)
    )
    root = "...F0" if type_ == "Query" else "viewer { ...F0 }"
    document = f"{{ {root} }} {fragments} fragment F{levels} on {type_} {{ __typename }}"

    refused = await ask(document)

    assert refusal(refused)[0] == "LIMIT_EXCEEDED"


async def test_refuses_fragments_that_hold_themselves() -> None:
    refused = await ask("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }")

    assert refused["data"] is None
    assert [e["extensions"]["code"] for e in refused["errors"]] == ["BAD_REQUEST"]


async def test_tells_of_the_whole_schema_to_who_is_signed_in_unless_told_not_to() -> None:
    told = await ask(get_introspection_query())
    schema.limit(Limits(introspection=False))
    refused = await ask("{ __schema { types { name } } }")
    kept = await ask("{ viewer { __typename } }")

    assert {"Offboarding", "Party"} <= {t["name"] for t in told["data"]["__schema"]["types"]}
    assert refused["data"] is None
    assert {e["extensions"]["code"] for e in refused["errors"]} == {"BAD_REQUEST"}
    assert kept == {"data": {"viewer": {"__typename": "Viewer"}}}


@pytest.mark.parametrize("name", ["__schema", "F"])
async def test_takes_no_other_field_for_introspection(name: str) -> None:
    inner = deep(13).removeprefix("{ ").removesuffix(" }")

    refused = await ask(f"{{ ...{name} }} fragment {name} on Query {{ {inner} }}")

    assert refusal(refused) == ("LIMIT_EXCEEDED", "MAX_DEPTH", 12, 13)


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        ("{ viewerr { openTaskCount } }", {}),
        ("{ viewer { openTaskCounts } }", {}),
        ("{ offboardings(firstt: 1) { totalCount } }", {}),
        ("query ($f: OffboardingFilters) { offboardings(filter: $f) { totalCount } }", {}),
        ("{ offboardings(filter: {status: OPENN}) { totalCount } }", {}),
        (
            "query ($f: OffboardingFilter) { offboardings(filter: $f) { totalCount } }",
            {"f": {"statuss": "OPEN"}},
        ),
        (
            "query ($f: OffboardingFilter) { offboardings(filter: $f) { totalCount } }",
            {"f": {"status": ["OPENN"]}},
        ),
    ],
)
async def test_suggests_names_only_where_it_tells_of_the_schema(
    document: str, variables: dict[str, Any]
) -> None:
    told = await ask(document, **variables)
    schema.limit(Limits(introspection=False))
    silent = await ask(document, **variables)

    assert "Did you mean" in str(told["errors"])
    assert "Did you mean" not in str(silent["errors"])


async def test_tells_of_a_few_errors_only() -> None:
    document = "query (" + " ".join(f"$v{n}: Int!" for n in range(9)) + ") { __typename "
    document += (
        " ".join(f"a{n}: offboardings(first: $v{n}) {{ totalCount }}" for n in range(9)) + " }"
    )

    by_default = await ask(document)
    schema.limit(Limits(max_errors=2))
    fewer = await ask(document)

    assert (len(by_default["errors"]), len(fewer["errors"])) == (5, 2)


def nested(levels: int) -> Any:
    value: Any = "OPEN"
    for _ in range(levels - 1):
        value = [value]
    return value


async def test_reads_variables_no_deeper_and_no_larger_than_the_limits() -> None:
    schema.limit(Limits(max_json_depth=3, max_variables_bytes=100))

    flat = await ask(HELLO, unused=nested(3))
    deeper = await ask(HELLO, unused=nested(4))
    larger = await ask(HELLO, unused="x" * 100)

    assert set(flat) == {"data"}
    assert refusal(deeper) == ("LIMIT_EXCEEDED", "MAX_JSON_DEPTH", 3, None)
    assert refusal(larger) == ("LIMIT_EXCEEDED", "MAX_VARIABLES_BYTES", 100, 113)


async def test_asks_for_no_larger_page_or_list_than_the_limits() -> None:
    schema.limit(Limits(max_page_size=50, max_list_items=2))
    filtered = "{{ offboardings(filter: {{status: [{}]}}) {{ totalCount }} }}"

    allowed = await ask(TASKS, n=50), await ask(filtered.format("OPEN, REVIEW"))
    pages = await ask(TASKS, n=51)
    lists = await ask(filtered.format("OPEN, REVIEW, DONE"))

    assert [set(whole) for whole in allowed] == [{"data"}, {"data"}]
    assert pages["errors"][0]["message"] == "first must lie between 1 and 50."
    assert refusal(pages) == ("BAD_REQUEST", "MAX_PAGE_SIZE", 50, None)
    assert lists["errors"][0]["message"] == "A list has at most 2 values."
    assert refusal(lists) == ("BAD_REQUEST", "MAX_LIST_ITEMS", 2, None)


async def test_executes_trusted_documents_only_where_there_are_any(tmp_path: Path) -> None:
    path = tmp_path / "trusted.json"
    path.write_text(manifest_of([HELLO]))
    viewer = await viewer_for(await make_user())
    offboarding = await make_offboarding()

    async def execute(text: str | None, id: str | None = None, **variables: Any) -> Any:
        extensions = {"persistedQuery": {"version": 1, "sha256Hash": id}} if id else None
        result = await schema.execute(
            text, variables, Context(viewer), operation_extensions=extensions
        )
        code = [(e.extensions or {})["code"] for e in result.errors or ()]
        return code or "data"

    unregistered = await execute(None, id_of(HELLO))
    schema.limit(Limits(trusted_documents=path))

    assert unregistered == ["PERSISTED_QUERY_NOT_SUPPORTED"]
    assert await execute(None, id_of(HELLO)) == "data"
    assert await execute(None, "sha256:" + id_of(HELLO)) == "data"
    assert await execute(HELLO) == "data"
    for refused in (
        await execute("{ viewer { __typename } }"),
        await execute("{ viewer { __typename } }", id_of(HELLO)),
        await execute(None, id_of("{ viewer { __typename } }")),
        await execute(SET_STATUS, task=gid(offboarding)),
    ):
        assert refused == ["PERSISTED_QUERY_NOT_FOUND"]
    assert (await Offboarding.get(id=offboarding.id)).version == offboarding.version
