"""An export holds all rows of the query of the same name, in its order, for who may have them."""

import csv
import io
import json
import re
import zipfile
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any, Final
from xml.etree import ElementTree as ET

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from exporting.endpoint import FORMATS, ExportEndpoint
from models import (
    Activity,
    ActivityKind,
    ClientAccess,
    OffboardingResolution,
    OffboardingStatus,
    Party,
    PartyType,
    TerminationReason,
    User,
)
from rates import Rates
from resolvers.exports import export as export_rows
from schema.exports import EXPORTS
from settings import ROOT
from tests.asking import data, gid
from tests.exporting.conftest import Export
from tests.factories import (
    make_holding,
    make_offboarding,
    make_organisation,
    make_party,
    make_product,
    make_token,
    make_user,
    viewer_for,
)
from tests.schema.pages import ENDS, forward

NODES: Final = {
    "parties": (
        "id type name reference email status offboardingState onboardedOn offboardedAt"
        " retentionUntil manager { id name email } offboarding { id status } createdAt updatedAt"
    ),
    "products": (
        "id name number status offboardingState openedOn terminatedAt retentionUntil"
        " offboarding { id status } createdAt updatedAt"
    ),
    "offboardings": (
        "id subject { __typename ... on Party { id name reference }"
        " ... on Product { id name number } } status resolution assignee { id name email } reason"
        " comment effectiveOn dueOn startedBy { id name email } startedAt updatedAt"
        " closedBy { id name email } closedAt version"
    ),
    "activity": (
        "id cursor kind occurredAt actor { id name email } offboarding { id }"
        " party { id name reference } product { id name number } user { id name email }"
        " changes { field before after }"
    ),
}


async def nodes(user: User, name: str, arguments: str = "") -> list[dict[str, Any]]:
    """Return the nodes of all pages of a query."""
    field = (
        f"{name}(first: $first, after: $after {arguments})"
        f" {{ nodes {{ {NODES[name]} }} pageInfo {{ ...ends }} }}"
    )
    path: tuple[str, ...] = (name,)
    if name in {"parties", "products"}:
        field, path = f"clientFile {{ {field} }}", ("clientFile", name)
    document = f"query ($first: Int, $after: Cursor) {{ {field} }} {ENDS}"
    return list(chain(*await forward(user, document, 2, *path)))


async def a_client_file() -> User:
    """Make a client file with something of everything, and return who exports it."""
    analyst = await make_user(groups=["Analyst", "Approver"], name="Alma Analyst")
    other = await make_user(name="Bo Officer")
    today = datetime.now(UTC).date()
    zoe = await make_party(name="Zoë Ünal", manager=other, onboarded_on=date(2020, 2, 29))
    adam = await make_party(name="adam smith", email="adam@mail.example")
    firm = await make_party(name="Müller Bau GmbH", type=PartyType.LEGAL_ENTITY)
    gone = await make_party(name="Gone Already")
    account = await make_product(name="Current account", opened_on=date(2021, 1, 1))
    policy = await make_product(name="Policy, whole life")
    await make_holding(zoe, account)
    await make_holding(gone, policy)
    await make_offboarding(
        party=zoe, assignee=analyst, due_on=today - timedelta(days=1), comment='She said "go".'
    )
    await make_offboarding(
        product=account, status=OffboardingStatus.REVIEW, reason=TerminationReason.INACTIVE
    )
    for subject in ({"party": gone}, {"product": policy}):
        await make_offboarding(
            **subject,
            status=OffboardingStatus.DONE,
            resolution=OffboardingResolution.DONE,
            closed_by=other,
        )
    for party, kind in (
        (firm, ActivityKind.OFFBOARDING_STARTED),
        (adam, ActivityKind.DETAILS_CHANGED),
    ):
        await Activity.create(
            organisation_id=party.organisation_id,
            kind=kind,
            occurred_at=datetime(2026, 3, 2, 9, tzinfo=UTC),
            actor=other,
            party=party,
            changes=[{"field": "status", "before": None, "after": "OPEN"}],
        )
    return analyst


def lines(response: httpx2.Response) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.text
    return [json.loads(line) for line in response.content.splitlines()]


def table(response: httpx2.Response) -> list[dict[str, str]]:
    assert response.status_code == 200, response.text
    return list(csv.DictReader(io.StringIO(response.content.decode(), newline="")))


def flat(node: dict[str, Any], column: str) -> Any:
    value: Any = node
    for key in column.split("."):
        value = value.get(key) if value is not None else None
    return value


EQUAL: Final = [
    ("parties", "", ""),
    ("parties", "includeOffboarded=true", "includeOffboarded: true"),
    ("parties", "search=mül", 'filter: {search: "mül"}'),
    (
        "parties",
        "type=LEGAL_ENTITY&type=NATURAL_PERSON&orderBy=REFERENCE&direction=DESC",
        (
            "filter: {type: [LEGAL_ENTITY, NATURAL_PERSON]}"
            " orderBy: {field: REFERENCE, direction: DESC}"
        ),
    ),
    (
        "parties",
        "onboardedOn.from=2020-02-29&onboardedOn.to=2020-12-31",
        'filter: {onboardedOn: {from: "2020-02-29", to: "2020-12-31"}}',
    ),
    ("parties", "offboardingState=PENDING", "filter: {offboardingState: PENDING}"),
    ("parties", "direction=DESC", "orderBy: {field: NAME, direction: DESC}"),
    (
        "products",
        "name=Current account&name=Policy, whole life&includeOffboarded=true",
        'filter: {name: ["Current account", "Policy, whole life"]} includeOffboarded: true',
    ),
    ("offboardings", "", ""),
    ("offboardings", "overdue=true", "filter: {overdue: true}"),
    ("offboardings", "assignedToMe=false", "filter: {assignedToMe: false}"),
    ("offboardings", "reason=INACTIVE", "filter: {reason: INACTIVE}"),
    (
        "offboardings",
        "status=DONE&orderBy=CLOSED_AT&closedAt.from=2026-03-09T00:00:00Z",
        (
            'filter: {status: DONE, closedAt: {from: "2026-03-09T00:00:00Z"}}'
            " orderBy: {field: CLOSED_AT}"
        ),
    ),
    ("activity", "", ""),
    ("activity", "kind=DETAILS_CHANGED", "filter: {kind: DETAILS_CHANGED}"),
]


@pytest.mark.parametrize(("name", "parameters", "arguments"), EQUAL)
async def test_holds_the_nodes_of_all_pages_in_their_order(
    export: Export, name: str, parameters: str, arguments: str
) -> None:
    analyst = await a_client_file()
    pages = await nodes(analyst, name, arguments)

    response = await export(analyst, f"{name}.ndjson", params=parameters or None)

    rows = lines(response)
    if name == "activity":  # the export itself is noted before it is read
        rows = [row for row in rows if row["kind"] != "CLIENT_FILE_EXPORTED"]
    assert rows == pages
    assert pages


@pytest.mark.parametrize("name", EXPORTS)
async def test_a_table_has_a_column_for_each_value_of_a_node(export: Export, name: str) -> None:
    analyst = await a_client_file()
    expected = await nodes(analyst, name)

    rows = table(await export(analyst, f"{name}.csv"))[: len(expected)]

    assert list(rows[0]) == [column.name for column in EXPORTS[name].columns]
    for row, node in zip(rows, expected, strict=True):
        for column, text in row.items():
            value = flat(node, column)
            if isinstance(value, list):
                assert json.loads(text) == value
            else:
                assert text == ("" if value is None else str(value))


async def test_a_workbook_holds_texts_as_texts_and_days_as_days(export: Export) -> None:
    analyst = await make_user(groups=["Analyst"])
    await make_party(name="=1+1", reference="-7", onboarded_on=date(2020, 2, 29))

    response = await export(analyst, "parties.xlsx")

    with zipfile.ZipFile(io.BytesIO(response.content)) as book:
        sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314 - our own
    cells = {
        cell.get("r"): "".join(cell.itertext())
        for cell in sheet.iter("{http://schemas.openxmlformats.org/spreadsheetml/2006/main}c")
    }
    assert sheet.find(".//{*}f") is None
    assert (cells["C1"], cells["C2"], cells["D2"]) == ("name", "=1+1", "-7")
    assert (cells["H1"], cells["H2"]) == ("onboardedOn", "43890")


@pytest.mark.parametrize(
    "begin",
    ["=", "+", "-", "@", "\t", "\r", "\n", "\N{FULLWIDTH EQUALS SIGN}"],
)
async def test_defuses_a_cell_that_a_spreadsheet_would_run(export: Export, begin: str) -> None:
    analyst = await make_user(groups=["Analyst"])
    await make_party(name=f"{begin}HYPERLINK(A1)", email=None)

    (row,) = table(await export(analyst, "parties.csv"))

    assert (row["name"], row["email"]) == (f"'{begin}HYPERLINK(A1)", "")


async def test_an_empty_list_is_a_table_without_rows(export: Export) -> None:
    analyst = await make_user(groups=["Analyst"])

    response = await export(analyst, "products.csv")

    assert response.text == ",".join(c.name for c in EXPORTS["products"].columns) + "\r\n"
    assert (await export(analyst, "products.ndjson")).content == b""


async def test_is_a_download_that_nobody_keeps(export: Export) -> None:
    analyst = await a_client_file()

    response = await export(analyst, "parties.csv")

    today = datetime.now(UTC).date()
    assert {name: response.headers[name] for name in ("content-type", "cache-control")} == {
        "content-type": "text/csv; charset=utf-8",
        "cache-control": "no-store",
    }
    disposition = f'attachment; filename="parties-{today}.csv"'
    assert response.headers["content-disposition"] == disposition
    assert response.headers["x-total-count"] == "3"


# ---------------------------------------------------------------- who may


async def test_is_noted_with_who_what_and_how_many(export: Export) -> None:
    analyst = await a_client_file()

    await export(analyst, "parties.xlsx", params="type=LEGAL_ENTITY&orderBy=NAME")

    document = """{ activity(filter: {kind: CLIENT_FILE_EXPORTED}) { nodes {
      kind actor { name } party { id } changes { field before after } } } }"""
    assert (await data(analyst, document))["activity"]["nodes"] == [
        {
            "kind": "CLIENT_FILE_EXPORTED",
            "actor": {"name": "Alma Analyst"},
            "party": None,
            "changes": [
                {"field": "file", "before": None, "after": "parties.xlsx"},
                {
                    "field": "parameters",
                    "before": None,
                    "after": "type=LEGAL_ENTITY&orderBy=NAME",
                },
                {"field": "rows", "before": None, "after": "1"},
            ],
        }
    ]


async def refusal(response: httpx2.Response) -> tuple[int, str, str]:
    (error,) = response.json()["errors"]
    return response.status_code, error["extensions"]["code"], error["message"]


async def test_refuses_who_may_read_but_not_export(export: Export) -> None:
    reader = await make_user(groups=["Approver"])

    response = await export(reader, "parties.csv")

    assert await refusal(response) == (
        403,
        "FORBIDDEN",
        "This needs the permission CLIENT_FILE_EXPORT; ask an administrator for it.",
    )
    assert await Activity.all().count() == 0


async def test_refuses_who_shows_no_token(export: Export) -> None:
    response = await export(None, "parties.csv")

    assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")


async def test_holds_nothing_of_another_organisation(export: Export) -> None:
    analyst = await a_client_file()
    stranger = await make_user(organisation=await make_organisation(), groups=["Analyst"])

    rows = {name: lines(await export(stranger, f"{name}.ndjson", params=None)) for name in EXPORTS}

    own = rows.pop("activity")
    assert rows == {"parties": [], "products": [], "offboardings": []}
    assert {row["actor"]["id"] for row in own} == {gid(stranger)}
    assert analyst.organisation_id != stranger.organisation_id


async def test_who_sees_their_own_exports_their_own(export: Export) -> None:
    analyst = await a_client_file()
    manager = await make_user(groups=["Analyst"], client_access=ClientAccess.OWN)
    mine = await make_party(name="Mine", manager=manager)
    product = await make_product(name="My account")
    await make_holding(mine, product)
    await make_offboarding(product=product, started_by=analyst)

    names = {
        name: [flat(row, column) for row in lines(await export(manager, f"{name}.ndjson"))]
        for name, column in (
            ("parties", "name"),
            ("products", "name"),
            ("offboardings", "subject.name"),
            ("activity", "kind"),
        )
    }

    assert names == {
        "parties": ["Mine"],
        "products": ["My account"],
        "offboardings": ["My account"],
        "activity": [],
    }


async def test_tells_no_reason_to_who_may_not_read_it(export: Export) -> None:
    await a_client_file()
    analyst = await make_user(groups=["Analyst"])

    rows = table(await export(analyst, "offboardings.csv"))
    found = table(await export(analyst, "offboardings.csv", params="reason=INACTIVE"))

    assert {(row["reason"], row["comment"]) for row in rows} == {("", "")}
    assert found == []


# ---------------------------------------------------------------- what makes no sense


@pytest.mark.parametrize(
    ("file", "parameters", "message"),
    [
        ("parties.csv", "status=Active", "status is one of ACTIVE, OFFBOARDED."),
        ("parties.csv", "includeOffboarded=1", "includeOffboarded is true or false."),
        ("parties.csv", "search=a&search=b", "Give search once."),
        ("parties.csv", "managerId=party_1", "This is not an id of anything here."),
        ("parties.csv", "search=%00", "A text cannot hold the character NUL."),
        (
            "parties.csv",
            "onboardedOn.from=2020-13-01",
            'onboardedOn.from: Value cannot represent a Date: "2020-13-01". month must be in 1..12',
        ),
        (
            "activity.csv",
            "first=10",
            f"There is no parameter first here, but {', '.join(EXPORTS['activity'].parameters)}.",
        ),
    ],
)
async def test_refuses_parameters_that_make_no_sense(
    export: Export, file: str, parameters: str, message: str
) -> None:
    analyst = await make_user(groups=["Analyst"])

    response = await export(analyst, file, params=parameters)

    assert await refusal(response) == (400, "BAD_REQUEST", message)
    assert await Activity.all().count() == 0


def test_the_guide_names_every_parameter() -> None:
    guide = (ROOT / "docs" / "exploring.md").read_text(encoding="utf-8")

    for name, of in EXPORTS.items():
        (row,) = re.findall(rf"^\| `{name}` \|.+$", guide, re.MULTILINE)
        asked = re.findall(r"`([\w.]+)`", row.split("|")[3])
        assert set(asked) == of.parameters.keys() - {"orderBy", "direction"}


@pytest.mark.parametrize("file", ["parties", "parties.pdf", "users.csv", "parties.csv.xlsx"])
async def test_there_are_no_other_files(export: Export, file: str) -> None:
    response = await export(await make_user(groups=["Analyst"]), file)

    assert response.status_code == 404


async def test_takes_get_only(export: Export) -> None:
    response = await export(await make_user(groups=["Analyst"]), "parties.csv", method="POST")

    assert (response.status_code, response.headers["allow"]) == (405, "GET")


# ---------------------------------------------------------------- while others work


async def test_holds_the_rows_of_one_moment_while_they_change(export: Export) -> None:
    analyst = await make_user(groups=["Analyst"])
    organisation_id = analyst.organisation_id
    await Party.bulk_create(
        Party(
            organisation_id=organisation_id,
            type=PartyType.NATURAL_PERSON,
            name=f"Person {number % 100}",
            reference=f"C-{number:05}",
        )
        for number in range(1_200)
    )
    of = EXPORTS["parties"]
    viewer = await viewer_for(analyst)
    pages = lines(await export(analyst, "parties.ndjson"))

    found = await export_rows(viewer, of.asked([]), of.type_name, "parties.ndjson", "")
    rows = await anext(found.rows)
    last = await Party.all().order_by("-reference").first()
    assert last is not None
    await Party.filter(reference__gte="C-00600").update(name="Aaron Changed")
    await make_party(name="Zz New")
    await make_offboarding(
        party=last, status=OffboardingStatus.DONE, resolution=OffboardingResolution.DONE
    )
    async for more in found.rows:
        rows += more

    assert len(rows) == found.total == 1_200
    assert [json.loads(row) for row in rows] == pages
    assert await nodes(analyst, "parties", 'filter: {search: "Zz"}')


async def test_gives_its_connection_back_when_it_is_not_read_to_the_end(export: Export) -> None:
    analyst = await a_client_file()
    of = EXPORTS["parties"]
    viewer = await viewer_for(analyst)

    for _ in range(20):  # more than there are connections
        found = await export_rows(viewer, of.asked([]), of.type_name, "parties.csv", "")
        bytes_ = FORMATS["csv"].bytes_of(of, found.rows)
        await anext(bytes_)
        await bytes_.aclose()

    assert len(table(await export(analyst, "parties.csv"))) == 3


async def test_tells_who_comes_when_others_export_to_come_again(database: None) -> None:  # noqa: ARG001 - what is exported
    analyst = await a_client_file()
    headers = {"authorization": f"Bearer {await make_token(analyst)}"}
    endpoint = ExportEndpoint(Rates(None, None), at_once=0, patience=0.01)
    transport = httpx2.ASGITransport(app=Starlette(routes=[Route("/export/{file}", endpoint)]))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:
        response = await http.get("/export/parties.csv", headers=headers)

    assert (response.status_code, response.headers["retry-after"]) == (503, "30")
    assert await Activity.filter(kind=ActivityKind.CLIENT_FILE_EXPORTED).count() == 0
