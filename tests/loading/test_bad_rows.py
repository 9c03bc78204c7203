"""Every bad row is told at once, with its place, and then nothing is written."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from loading import BadRow, BadRowsError
from tests.loading.conftest import Image, Load
from tests.loading.sheets import HEADERS, SOUND, write, write_only

ACCESS: Final = "is not one of OPEN, OWN: "
TYPES: Final = "is not one of NATURAL_PERSON, LEGAL_ENTITY, NATURAL_PERSON_GROUP: "
ROLES: Final = "is not one of OWNER, JOINT_OWNER, BENEFICIARY, REPRESENTATIVE: "
DAY: Final = "is not written like 2024-12-31: "
CALENDAR: Final = "is not in the calendar: "
YEARS: Final = "is not in the years 1900 to 2200: "
# Digits that Python and some regular expressions take for digits.
ARABIC: Final = "2020-01-31".translate({ord("0") + n: 0x660 + n for n in range(10)})
LATER: Final = str(datetime.now(UTC).date() + timedelta(days=2))


async def refusal_of(load: Load, folder: Path) -> BadRowsError:
    with pytest.raises(BadRowsError) as refusal:
        await load(folder)
    return refusal.value


# A row put after the sound ones, and the cell that is bad with what is wrong with it.
BAD: Final[dict[str, list[tuple[str, str, str]]]] = {
    "users.csv": [
        (",Cid,Reader,OPEN", "email", "is missing"),
        ("cid,Cid,Reader,OPEN", "email", 'is no e-mail address: "cid"'),
        ("cid@,Cid,Reader,OPEN", "email", 'is no e-mail address: "cid@"'),
        ("cid@a@b,Cid,Reader,OPEN", "email", 'is no e-mail address: "cid@a@b"'),
        ("c id@b.c,Cid,Reader,OPEN", "email", 'is no e-mail address: "c id@b.c"'),
        ("cid@b..c,Cid,Reader,OPEN", "email", 'is no e-mail address: "cid@b..c"'),
        ("<cid@b.c>,Cid,Reader,OPEN", "email", 'is no e-mail address: "<cid@b.c>"'),
        ('"cid@b\n.c",Cid,Reader,OPEN', "email", 'is no e-mail address: "cid@b?.c"'),
        (
            f"{'c' * 317}@b.c,Cid,Reader,OPEN",
            "email",
            "is too long: 321 characters, of 320 at most",
        ),
        ("ANN@Bank.example,Ann,,OPEN", "email", 'stands on line 2 already: "ann@bank.example"'),
        ("cid@b.c,,Reader,OPEN", "name", "is missing"),
        ("cid@b.c, ,Reader,OPEN", "name", "is missing"),
        (
            f"cid@b.c,{'x' * 201},Reader,OPEN",
            "name",
            "is too long: 201 characters, of 200 at most",
        ),
        ("cid@b.c,C\0d,Reader,OPEN", "name", "holds a NUL"),
        (
            "cid@b.c,Cid,Boss;Reader;reader,OPEN",
            "groups",
            'is not a group of the organisation: "Boss", "reader"',
        ),
        ("cid@b.c,Cid,Reader,", "client_access", "is missing"),
        ("cid@b.c,Cid,Reader,open", "client_access", f'{ACCESS}"open"'),
        (
            "cid@b.c,Cid,Reader; Administrator,OWN",
            "client_access",
            "OWN does not go with a group that gives USER_ADMIN",
        ),
        ("cid@b.c,Cid,Reader", "", "has 3 cells; the header has 4"),
        ("cid@b.c,Cid,Reader,OPEN,", "", "has 5 cells; the header has 4"),
        (" ", "", "has 1 cell; the header has 4"),
    ],
    "parties.csv": [
        (",LEGAL_ENTITY,Cid,,,", "reference", "is missing"),
        (
            f"{'P' * 101},LEGAL_ENTITY,Cid,,,",
            "reference",
            "is too long: 101 characters, of 100 at most",
        ),
        ('"P\n3",LEGAL_ENTITY,Cid,,,', "reference", "holds a control character"),
        ("P-2,LEGAL_ENTITY,Cid,,,", "reference", 'stands on line 3 already: "P-2"'),
        ("P-3,,Cid,,,", "type", "is missing"),
        ("P-3,PERSON,Cid,,,", "type", f'{TYPES}"PERSON"'),
        ("P-3,legal_entity,Cid,,,", "type", f'{TYPES}"legal_entity"'),
        (f"P-3,{'x' * 61},Cid,,,", "type", f'{TYPES}"{"x" * 60}…"'),
        ("P-3,LEGAL_ENTITY,,,,", "name", "is missing"),
        (
            f"P-3,LEGAL_ENTITY,{'x' * 501},,,",
            "name",
            "is too long: 501 characters, of 500 at most",
        ),
        ("P-3,LEGAL_ENTITY,Cid,cid,,", "email", 'is no e-mail address: "cid"'),
        ("P-3,LEGAL_ENTITY,Cid,,31.12.2020,", "onboarded_on", f'{DAY}"31.12.2020"'),
        ("P-3,LEGAL_ENTITY,Cid,,2020-1-31,", "onboarded_on", f'{DAY}"2020-1-31"'),
        ("P-3,LEGAL_ENTITY,Cid,,20200131,", "onboarded_on", f'{DAY}"20200131"'),
        ("P-3,LEGAL_ENTITY,Cid,,today,", "onboarded_on", f'{DAY}"today"'),
        ("P-3,LEGAL_ENTITY,Cid,,2020-01-31T00:00,", "onboarded_on", f'{DAY}"2020-01-31T00:00"'),
        (f"P-3,LEGAL_ENTITY,Cid,,{ARABIC},", "onboarded_on", f'{DAY}"{ARABIC}"'),
        ("P-3,LEGAL_ENTITY,Cid,,2021-02-29,", "onboarded_on", f'{CALENDAR}"2021-02-29"'),
        ("P-3,LEGAL_ENTITY,Cid,,2020-13-01,", "onboarded_on", f'{CALENDAR}"2020-13-01"'),
        ("P-3,LEGAL_ENTITY,Cid,,0000-01-01,", "onboarded_on", f'{CALENDAR}"0000-01-01"'),
        ("P-3,LEGAL_ENTITY,Cid,,1899-12-31,", "onboarded_on", f'{YEARS}"1899-12-31"'),
        ("P-3,LEGAL_ENTITY,Cid,,2201-01-01,", "onboarded_on", f'{YEARS}"2201-01-01"'),
        (
            "P-3,LEGAL_ENTITY,Cid,,,cid@bank.example",
            "manager_email",
            'is not the email of any user: "cid@bank.example"',
        ),
        ("P-3,LEGAL_ENTITY,Cid,,", "", "has 5 cells; the header has 6"),
        ('P-3,LEGAL_ENTITY,"Cid"y,,,', "", "cannot be read: ',' expected after '\"'"),
        ('P-3,LEGAL_ENTITY,"Cid,,,', "", "cannot be read: unexpected end of data"),
    ],
    "products.csv": [
        (",Portfolio,", "number", "is missing"),
        (f"{'A' * 101},Portfolio,", "number", "is too long: 101 characters, of 100 at most"),
        ("A\t3,Portfolio,", "number", "holds a control character"),
        ("A-1,Portfolio,", "number", 'stands on line 2 already: "A-1"'),
        ("A-3,,", "name", "is missing"),
        (f"A-3,{'x' * 501},", "name", "is too long: 501 characters, of 500 at most"),
        ("A-3,Portfolio,2020-02-30", "opened_on", f'{CALENDAR}"2020-02-30"'),
    ],
    "holdings.csv": [
        (",A-2,OWNER,,", "party_reference", "is missing"),
        ("P-9,A-2,OWNER,,", "party_reference", 'is not the reference of any party: "P-9"'),
        ("p-1,A-2,OWNER,,", "party_reference", 'is not the reference of any party: "p-1"'),
        ("P-1,,OWNER,,", "product_number", "is missing"),
        ("P-1,A-9,OWNER,,", "product_number", 'is not the number of any product: "A-9"'),
        ("P-1,A-1,OWNER,,", "product_number", 'stands on line 2 already: "P-1", "A-1"'),
        ("P-1,A-2,,,", "role", "is missing"),
        ("P-1,A-2,HOLDER,,", "role", f'{ROLES}"HOLDER"'),
        ("P-1,A-2,OWNER,2020/01/31,", "started_on", f'{DAY}"2020/01/31"'),
        ("P-1,A-2,OWNER,,2020-04-31", "ended_on", f'{CALENDAR}"2020-04-31"'),
        (
            "P-1,A-2,OWNER,2020-01-31,2020-01-30",
            "ended_on",
            "is before started_on, 2020-01-31: 2020-01-30",
        ),
        (f"P-1,A-2,OWNER,,{LATER}", "ended_on", f'lies in the future: "{LATER}"'),
    ],
}
CASES: Final = [(sheet, *case) for sheet, cases in BAD.items() for case in cases]


@pytest.mark.parametrize(("sheet", "row", "column", "problem"), CASES)
async def test_tells_what_is_wrong_with_a_row(  # noqa: PLR0917 - a case has four parts
    load: Load, image: Image, tmp_path: Path, sheet: str, row: str, column: str, problem: str
) -> None:
    sound = SOUND[sheet]
    write(tmp_path, **{sheet.removesuffix(".csv"): (*sound, row)})

    error = await refusal_of(load, tmp_path)

    assert error.rows == [BadRow(sheet, len(sound) + 2, column, problem)]
    assert error.more == 0
    assert all(not rows for rows in (await image()).values())


async def test_tells_all_at_once_in_the_order_of_the_files(
    load: Load, image: Image, tmp_path: Path
) -> None:
    await load(write(tmp_path))
    before = await image()
    write(
        tmp_path,
        users=("bob,,Reader,NONE", *SOUND["users.csv"]),
        parties=(*SOUND["parties.csv"], "P-3,PERSON,,x,2020-02-30,nobody@bank.example", "P-4"),
        products=("A-1,Renamed account,2020-03-01", ",,", "A-2,Portfolio,"),
        holdings=("P-4,A-1,OWNER,,", "P-8,A-8,,,", "P-9,A-9,OWNER,2024-01-01,2023-01-01"),
    )

    error = await refusal_of(load, tmp_path)

    assert [(row.file, row.line, row.column) for row in error.rows] == [
        ("users.csv", 2, "email"),
        ("users.csv", 2, "name"),
        ("users.csv", 2, "client_access"),
        ("parties.csv", 4, "type"),
        ("parties.csv", 4, "name"),
        ("parties.csv", 4, "email"),
        ("parties.csv", 4, "onboarded_on"),
        ("parties.csv", 4, "manager_email"),
        ("parties.csv", 5, ""),
        ("products.csv", 3, "number"),
        ("products.csv", 3, "name"),
        ("holdings.csv", 3, "party_reference"),
        ("holdings.csv", 3, "product_number"),
        ("holdings.csv", 3, "role"),
        ("holdings.csv", 4, "party_reference"),
        ("holdings.csv", 4, "product_number"),
        ("holdings.csv", 4, "ended_on"),
    ]
    assert await image() == before


async def test_counts_physical_lines(load: Load, tmp_path: Path) -> None:
    rows = ('P-1,NATURAL_PERSON,"one\ntwo\r\nthree\rfour",,,', "", "P-2,PERSON,Cid,,,")
    write_only(tmp_path, parties=rows)

    error = await refusal_of(load, tmp_path)

    assert error.rows == [BadRow("parties.csv", 7, "type", f'{TYPES}"PERSON"')]


async def test_goes_on_after_a_row_that_cannot_be_made_out(load: Load, tmp_path: Path) -> None:
    write(
        tmp_path,
        parties=('P-1,"NATURAL"_PERSON,Ada,,,', "P-2,PERSON,Brick,,,"),
        holdings=("P-1,A-1,HOLDER,,", "P-2,A-2,OWNER,,"),
    )

    error = await refusal_of(load, tmp_path)

    # Whether P-1 is a party is not known, so the holding of it is not called wrong.
    assert error.rows == [
        BadRow("parties.csv", 2, "", "cannot be read: ',' expected after '\"'"),
        BadRow("parties.csv", 3, "type", f'{TYPES}"PERSON"'),
        BadRow("holdings.csv", 2, "role", f'{ROLES}"HOLDER"'),
    ]


async def test_tells_each_cell_that_is_not_utf_8(load: Load, image: Image, tmp_path: Path) -> None:
    rows = "P-1,LEGAL_ENTITY,Zoë,,,\nP-2,LEGAL_ENTITY,Ltd,,,\nP-3,LEGAL_ENTITY,Über,,,\n"
    text = f"{HEADERS['parties.csv']}\n{rows}"
    (tmp_path / "parties.csv").write_bytes(text.encode("latin-1"))

    error = await refusal_of(load, tmp_path)

    assert error.rows == [
        BadRow("parties.csv", 2, "name", "is not UTF-8: it holds the byte 0xEB"),
        BadRow("parties.csv", 4, "name", "is not UTF-8: it holds the byte 0xDC"),
    ]
    assert all(not rows for rows in (await image()).values())


async def test_tells_a_cell_longer_than_any_can_be(load: Load, tmp_path: Path) -> None:
    write_only(tmp_path, products=(f"A-1,{'x' * 200_000},", "A-2,,"))

    error = await refusal_of(load, tmp_path)

    assert error.rows == [
        BadRow("products.csv", 2, "", "cannot be read: field larger than field limit (131072)"),
        BadRow("products.csv", 3, "name", "is missing"),
    ]


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("number,name", [("opened_on", "is missing")]),
        (
            "number,name,opened,opened_on",
            [("opened", "is unknown; the columns are number, name, opened_on")],
        ),
        (
            "Number,name,opened_on",
            [
                ("number", "is missing"),
                ("Number", "is unknown; the columns are number, name, opened_on"),
            ],
        ),
        ("number,name,opened_on,name", [("name", "stands more than once")]),
        ("number;name;opened_on", [("", "has semicolons between its cells; commas are needed")]),
        ("number\tname\topened_on", [("", "has tabs between its cells; commas are needed")]),
        ('"number"x,name,opened_on', [("", "cannot be read: ',' expected after '\"'")]),
        ("", [("", "has no header row")]),
    ],
)
async def test_tells_what_is_wrong_with_a_header(
    load: Load, image: Image, tmp_path: Path, header: str, told: list[tuple[str, str]]
) -> None:
    write(tmp_path, holdings=("P-1,A-1,OWNER,,",))
    (tmp_path / "products.csv").write_text(f"{header}\nA-1,Portfolio,\n")

    error = await refusal_of(load, tmp_path)

    assert error.rows == [BadRow("products.csv", 1, *fault) for fault in told]
    assert all(not rows for rows in (await image()).values())


async def test_tells_a_file_that_is_not_utf_8_at_all(load: Load, tmp_path: Path) -> None:
    (tmp_path / "products.csv").write_text("number,name,opened_on\n", encoding="utf-16")

    error = await refusal_of(load, tmp_path)

    assert error.rows == [BadRow("products.csv", 1, "", "is not UTF-8 text")]


async def test_tells_an_empty_file(load: Load, tmp_path: Path) -> None:
    (tmp_path / "products.csv").touch()

    error = await refusal_of(load, tmp_path)

    assert error.rows == [BadRow("products.csv", 1, "", "has no header row")]


async def test_tells_a_file_that_cannot_be_opened(load: Load, tmp_path: Path) -> None:
    (tmp_path / "products.csv").mkdir()

    error = await refusal_of(load, tmp_path)

    assert error.rows == [BadRow("products.csv", 0, "", "cannot be read: Is a directory")]


async def test_tells_a_folder_without_files(load: Load, image: Image, tmp_path: Path) -> None:
    error = await refusal_of(load, tmp_path)

    names = "users.csv, parties.csv, products.csv, holdings.csv"
    assert error.rows == [BadRow(str(tmp_path), 0, "", f"holds none of {names}")]
    assert all(not rows for rows in (await image()).values())


async def test_tells_a_folder_that_is_not_there(load: Load, tmp_path: Path) -> None:
    error = await refusal_of(load, tmp_path / "absent")

    assert error.rows == [BadRow(str(tmp_path / "absent"), 0, "", "is not a folder")]
    assert str(error) == "1 fault in the client file; nothing was written."


async def test_refuses_a_start_after_the_end_that_is_stored(
    load: Load, image: Image, tmp_path: Path
) -> None:
    await load(write(tmp_path))
    before = await image()
    write_only(tmp_path, holdings=("P-2,A-2,OWNER,2024-07-01,",))

    error = await refusal_of(load, tmp_path)

    problem = "is after the end that is stored, 2024-06-30: 2024-07-01"
    assert error.rows == [BadRow("holdings.csv", 2, "started_on", problem)]
    assert await image() == before


async def test_says_how_many_more_bad_rows_there_are(load: Load, tmp_path: Path) -> None:
    write_only(tmp_path, products=(",,",) * 50_002)

    error = await refusal_of(load, tmp_path)

    assert len(error.rows) == 100_000
    assert error.rows[-1] == BadRow("products.csv", 50_001, "name", "is missing")
    assert error.more == 4
    assert str(error) == (
        "100004 faults in the client file, of which 100000 are listed; nothing was written."
    )
