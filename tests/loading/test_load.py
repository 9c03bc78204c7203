"""A sound client file is loaded: whole, once, and into one organisation only."""

from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

from loading import BadRow, BadRowsError, Counts, LoadReport, load_client_file
from models import (
    ClientAccess,
    Holding,
    HoldingRole,
    InvalidInputError,
    Language,
    OffboardingResolution,
    OffboardingStatus,
    Organisation,
    Party,
    PartyStatus,
    PartyType,
    Product,
    User,
    UserGroup,
)
from models.user_group import DEFAULT_GROUPS
from tests.factories import make_offboarding, make_organisation, make_party, make_user
from tests.loading.conftest import Image, Load
from tests.loading.sheets import NAME, SOUND, write, write_only


async def groups_of(email: str) -> list[str]:
    groups = UserGroup.filter(members__email=email).order_by("name")
    return [group.name for group in await groups]


async def test_makes_the_organisation_with_the_groups_of_all(load: Load, tmp_path: Path) -> None:
    write(tmp_path)

    report = await load(tmp_path)

    organisation = await Organisation.get()
    groups = await UserGroup.filter(organisation=organisation)
    assert report.organisation_added is True
    assert organisation.name == NAME
    assert organisation.retention_months == 60
    assert organisation.four_eyes is False
    assert {group.name: (group.description, group.permissions) for group in groups} == {
        name: (description, list(permissions))
        for name, (description, permissions) in DEFAULT_GROUPS.items()
    }


async def test_loads_into_an_organisation_that_is_there(load: Load, tmp_path: Path) -> None:
    organisation = await make_organisation(NAME)
    write(tmp_path)

    report = await load(tmp_path)

    assert report.organisation_added is False
    assert await Party.filter(organisation=organisation).count() == 2
    assert await UserGroup.filter(organisation=organisation).count() == 5


async def test_writes_every_row(load: Load, tmp_path: Path) -> None:
    write(tmp_path)

    report = await load(tmp_path)

    users = await User.all().order_by("email").values_list("email", "name", "client_access")
    parties = (
        await Party.all()
        .order_by("reference")
        .values_list(
            "reference", "type", "name", "email", "onboarded_on", "manager__email", "listed"
        )
    )
    products = (
        await Product.all()
        .order_by("number")
        .values_list("number", "name", "opened_on", "status", "listed")
    )
    holdings = (
        await Holding.all()
        .order_by("party__reference", "product__number")
        .values_list("party__reference", "product__number", "role", "started_on", "ended_on")
    )
    assert users == [
        ("ann@bank.example", "Ann Able", ClientAccess.OPEN),
        ("bob@bank.example", "Bob Best", ClientAccess.OWN),
    ]
    assert await groups_of("ann@bank.example") == ["Analyst", "Officer"]
    assert await groups_of("bob@bank.example") == ["Reader"]
    assert parties == [
        (
            "P-1",
            PartyType.NATURAL_PERSON,
            "Ada Lane",
            "ada@mail.example",
            date(2020, 2, 29),
            "ann@bank.example",
            True,
        ),
        ("P-2", PartyType.LEGAL_ENTITY, "Brick Ltd", None, None, None, True),
    ]
    assert products == [
        ("A-1", "Savings account", date(2020, 3, 1), "ACTIVE", True),
        ("A-2", "Portfolio", None, "ACTIVE", True),
    ]
    assert holdings == [
        ("P-1", "A-1", HoldingRole.JOINT_OWNER, date(2020, 3, 1), None),
        ("P-2", "A-1", HoldingRole.JOINT_OWNER, None, None),
        ("P-2", "A-2", HoldingRole.OWNER, date(2021, 1, 1), date(2024, 6, 30)),
    ]
    assert report == LoadReport(
        organisation_added=True,
        files={
            "users.csv": Counts(2, 0, 0),
            "parties.csv": Counts(2, 0, 0),
            "products.csv": Counts(2, 0, 0),
            "holdings.csv": Counts(3, 0, 0),
        },
    )


async def test_gives_each_row_an_id_that_sorts_by_time(load: Load, tmp_path: Path) -> None:
    await load(write(tmp_path))

    ids = await Party.all().order_by("reference").values_list("id", flat=True)

    assert [UUID(str(id)).version for id in ids] == [7, 7]
    assert list(ids) == sorted(ids)


async def test_a_second_run_changes_nothing(load: Load, image: Image, tmp_path: Path) -> None:
    await load(write(tmp_path))
    before = await image()

    report = await load(tmp_path)

    assert await image() == before
    assert report == LoadReport(
        organisation_added=False,
        files={
            "users.csv": Counts(0, 0, 2),
            "parties.csv": Counts(0, 0, 2),
            "products.csv": Counts(0, 0, 2),
            "holdings.csv": Counts(0, 0, 3),
        },
    )


async def test_a_later_file_changes_what_differs_and_adds_what_is_new(
    load: Load, tmp_path: Path
) -> None:
    await load(write(tmp_path))
    old = {party.reference: party for party in await Party.all()}
    write(
        tmp_path,
        users=("ann@bank.example,Ann Baker,Officer;Analyst,OPEN", SOUND["users.csv"][1]),
        parties=(
            SOUND["parties.csv"][0],
            "P-2,NATURAL_PERSON_GROUP,Brick & Sons,info@brick.example,2019-01-31,bob@bank.example",
            "P-3,NATURAL_PERSON,Cleo North,,,",
        ),
        products=("A-1,Current account,", SOUND["products.csv"][1]),
        holdings=("P-1,A-1,OWNER,2020-03-02,", "P-3,A-1,BENEFICIARY,,"),
    )

    report = await load(tmp_path)

    new = {party.reference: party for party in await Party.all()}
    brick = new["P-2"]
    assert report.files == {
        "users.csv": Counts(0, 1, 1),
        "parties.csv": Counts(1, 1, 1),
        "products.csv": Counts(0, 1, 1),
        "holdings.csv": Counts(1, 1, 0),
    }
    assert (await User.get(email="ann@bank.example")).name == "Ann Baker"
    assert (brick.type, brick.name, brick.email, brick.onboarded_on) == (
        PartyType.NATURAL_PERSON_GROUP,
        "Brick & Sons",
        "info@brick.example",
        date(2019, 1, 31),
    )
    assert brick.manager_id == (await User.get(email="bob@bank.example")).id
    assert brick.id == old["P-2"].id
    assert brick.updated_at > old["P-2"].updated_at
    assert new["P-1"].updated_at == old["P-1"].updated_at
    assert await Product.get(number="A-1").values_list("name", "opened_on") == (
        "Current account",
        None,
    )
    assert await Holding.get(party__reference="P-1").values_list("role", "started_on") == (
        HoldingRole.OWNER,
        date(2020, 3, 2),
    )
    assert await Holding.filter(party__reference="P-2").count() == 2
    assert await Holding.all().count() == 4


async def test_a_user_has_the_groups_of_the_latest_file(load: Load, tmp_path: Path) -> None:
    await load(write(tmp_path))
    before = await User.get(email="ann@bank.example")
    write_only(
        tmp_path,
        users=(
            " ann@bank.example , Ann Able , Approver ; Analyst;;Approver ,OPEN",
            "bob@bank.example,Bob Best,,OWN",
        ),
    )

    report = await load(tmp_path)

    after = await User.get(email="ann@bank.example")
    assert await groups_of("ann@bank.example") == ["Analyst", "Approver"]
    assert await groups_of("bob@bank.example") == []
    assert report.files == {"users.csv": Counts(0, 2, 0)}
    assert after.updated_at > before.updated_at


def with_languages(folder: Path, *rows: str) -> Path:
    """Write a file of users only, with the column that a file may leave out."""
    write_only(folder)
    text = "\n".join(("email,language,name,groups,client_access", *rows)) + "\n"
    (folder / "users.csv").write_text(text, encoding="utf-8", newline="")
    return folder


async def languages() -> dict[str, Language]:
    return {user.email: user.language for user in await User.all()}


async def test_takes_the_language_of_users_where_a_file_has_it(load: Load, tmp_path: Path) -> None:
    ann, bob = "ann@bank.example,{},Ann Able,,OPEN", "bob@bank.example,{},Bob Best,,OWN"

    await load(with_languages(tmp_path, ann.format("NL"), bob.format("")))
    first = await languages()
    await load(write_only(tmp_path, users=("ann@bank.example,Ann Baker,,OPEN",)))
    left_out = await languages()
    report = await load(with_languages(tmp_path, ann.format(""), bob.format("NL")))

    assert first == {"ann@bank.example": Language.NL, "bob@bank.example": Language.EN}
    assert left_out == first
    assert report.files == {"users.csv": Counts(0, 2, 0)}
    assert await languages() == {"ann@bank.example": Language.NL, "bob@bank.example": Language.NL}


async def test_refuses_a_language_that_nobody_writes(load: Load, tmp_path: Path) -> None:
    with pytest.raises(BadRowsError) as refusal:
        await load(with_languages(tmp_path, "ann@bank.example,nl,Ann Able,,OPEN"))

    assert refusal.value.rows == [BadRow("users.csv", 2, "language", 'is not one of EN, NL: "nl"')]
    assert await languages() == {}


async def test_an_empty_end_does_not_begin_a_holding_again(load: Load, tmp_path: Path) -> None:
    await load(write(tmp_path))

    same = await load(write_only(tmp_path, holdings=("P-2,A-2,OWNER,2021-01-01,",)))
    other = await load(write_only(tmp_path, holdings=("P-2,A-2,JOINT_OWNER,2021-01-01,",)))

    holding = await Holding.get(product__number="A-2")
    assert same.files == {"holdings.csv": Counts(0, 0, 1)}
    assert other.files == {"holdings.csv": Counts(0, 1, 0)}
    assert (holding.role, holding.ended_on) == (HoldingRole.JOINT_OWNER, date(2024, 6, 30))


async def test_ends_a_holding(load: Load, tmp_path: Path) -> None:
    await load(write(tmp_path))

    report = await load(write_only(tmp_path, holdings=("P-2,A-1,JOINT_OWNER,,2025-01-31",)))

    assert report.files == {"holdings.csv": Counts(0, 1, 0)}
    ended = await Holding.get(party__reference="P-2", product__number="A-1")
    assert ended.ended_on == date(2025, 1, 31)


async def test_never_touches_the_end_of_a_party(load: Load, tmp_path: Path) -> None:
    await load(write(tmp_path))
    await make_offboarding(
        party=await Party.get(reference="P-1"),
        status=OffboardingStatus.DONE,
        resolution=OffboardingResolution.DONE,
    )
    before = await Party.get(reference="P-1")
    write_only(tmp_path, parties=("P-1,NATURAL_PERSON,Ada Long,ada@mail.example,2020-02-29,",))

    await load(tmp_path)

    after = await Party.get(reference="P-1")
    assert after.name == "Ada Long"
    assert before.status is PartyStatus.OFFBOARDED
    assert (after.status, after.offboarded_at, after.offboarded_by_id, after.retention_until) == (
        before.status,
        before.offboarded_at,
        before.offboarded_by_id,
        before.retention_until,
    )


async def test_a_dry_run_tells_the_same_and_writes_nothing(
    load: Load, image: Image, tmp_path: Path
) -> None:
    write(tmp_path)

    report = await load(tmp_path, dry_run=True)

    assert report.organisation_added is True
    assert report.files["holdings.csv"] == Counts(3, 0, 0)
    assert all(not rows for rows in (await image()).values())


async def test_refers_to_what_an_earlier_file_brought(load: Load, tmp_path: Path) -> None:
    await load(write_only(tmp_path, users=SOUND["users.csv"]))
    await load(write_only(tmp_path, parties=SOUND["parties.csv"]))
    await load(write_only(tmp_path, products=SOUND["products.csv"]))

    report = await load(write_only(tmp_path, holdings=SOUND["holdings.csv"]))

    assert report.files == {"holdings.csv": Counts(3, 0, 0)}
    assert await Holding.all().count() == 3


async def test_keeps_to_one_organisation(load: Load, image: Image, tmp_path: Path) -> None:
    await load(write(tmp_path), "Other Bank")
    other = await Organisation.get(name="Other Bank")
    before = await image()
    write(tmp_path, parties=tuple(row.replace("Lane", "Long") for row in SOUND["parties.csv"]))

    report = await load(tmp_path)

    after = await image()
    assert report.files["parties.csv"] == Counts(2, 0, 0)
    assert report.files["holdings.csv"] == Counts(3, 0, 0)
    assert all(set(before[table]) <= set(after[table]) for table in before)
    assert await Party.filter(organisation=other).count() == 2
    assert await Holding.exclude(organisation=other).count() == 3
    assert not await Holding.exclude(organisation=other).filter(party__organisation=other)
    assert not await Party.exclude(organisation=other).filter(manager__organisation=other)


async def test_does_not_find_rows_of_another_organisation(
    load: Load, image: Image, tmp_path: Path
) -> None:
    other = await make_organisation("Other Bank")
    await make_user(organisation=other, email="zoe@bank.example")
    await make_party(organisation=other, reference="P-9")
    await UserGroup.create(organisation=other, name="Auditor", description="", permissions=[])
    before = await image()
    write_only(
        tmp_path,
        users=("ann@bank.example,Ann Able,Auditor,OPEN",),
        parties=("P-1,LEGAL_ENTITY,Brick Ltd,,,zoe@bank.example",),
        products=("A-1,Portfolio,",),
        holdings=("P-9,A-1,OWNER,,",),
    )

    with pytest.raises(BadRowsError) as refusal:
        await load(tmp_path)

    assert refusal.value.rows == [
        BadRow("users.csv", 2, "groups", 'is not a group of the organisation: "Auditor"'),
        BadRow(
            "parties.csv", 2, "manager_email", 'is not the email of any user: "zoe@bank.example"'
        ),
        BadRow("holdings.csv", 2, "party_reference", 'is not the reference of any party: "P-9"'),
    ]
    assert await image() == before


async def test_reads_columns_in_any_order_with_a_byte_order_mark_and_windows_line_ends(
    load: Load, tmp_path: Path
) -> None:
    text = "\ufeffname,opened_on,number\r\nPortfolio,2020-03-01,A-1\r\n\r\n"
    (tmp_path / "products.csv").write_text(text, encoding="utf-8", newline="")

    report = await load(tmp_path)

    product = await Product.get()
    assert (product.number, product.name, product.opened_on) == (
        "A-1",
        "Portfolio",
        date(2020, 3, 1),
    )
    assert report.files == {"products.csv": Counts(1, 0, 0)}


@pytest.mark.parametrize(
    "name",
    [
        'Ada "Ace" Lane',
        "Lane, Ada",
        "two\nlines",
        "two\r\nlines",
        "one\rreturn",
        "end\n\\.\nof data",
        "back\\slash \\N \\t",
        "tab\tbed",
        "Zoë Łukasz 李 😀",
        "NULL",
    ],
)
async def test_keeps_every_letter_of_a_name(load: Load, tmp_path: Path, name: str) -> None:
    quoted = name.replace('"', '""')
    write_only(tmp_path, parties=(f'P-1,NATURAL_PERSON,"{quoted}",,,',))

    await load(tmp_path)

    assert (await Party.get()).name == name


async def test_reads_files_longer_than_a_batch(load: Load, tmp_path: Path) -> None:
    write_only(tmp_path, products=tuple(f"A-{n},Account {n}," for n in range(12_345)))

    report = await load(tmp_path)

    assert report.files == {"products.csv": Counts(12_345, 0, 0)}
    assert await Product.all().count() == 12_345


async def test_tells_its_progress_up_to_the_end(database_url: str, tmp_path: Path) -> None:
    write(tmp_path)
    told: list[tuple[str, float]] = []

    await load_client_file(
        database_url, tmp_path, NAME, progress=lambda stage, share: told.append((stage, share))
    )

    shares = [share for _, share in told]
    assert list(dict.fromkeys(stage for stage, _ in told)) == [
        f"{word} {sheet}" for word in ("Reading", "Checking", "Writing") for sheet in SOUND
    ]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)


@pytest.mark.parametrize("name", ["", " ", "x" * 201, "two\nlines", "nul\0", " padded"])
async def test_refuses_a_name_that_no_organisation_can_have(
    load: Load, image: Image, tmp_path: Path, name: str
) -> None:
    write(tmp_path)

    with pytest.raises(InvalidInputError) as refusal:
        await load(tmp_path, name)

    assert refusal.value.field == "organisation"
    assert all(not rows for rows in (await image()).values())
