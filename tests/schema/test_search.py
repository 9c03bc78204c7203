"""The argument `search`: each word of it begins a word of what is found."""

from typing import Any, Final

import pytest

from models import ClientAccess, OffboardingResolution, OffboardingStatus, User
from tests.asking import Ask
from tests.factories import (
    make_holding,
    make_offboarding,
    make_organisation,
    make_party,
    make_product,
    make_user,
)
from tests.schema.pages import ENDS, backward, forward

PARTIES: Final = (
    """query (
  $search: String, $all: Boolean! = false,
  $first: Int, $after: Cursor, $last: Int, $before: Cursor
) {
  clientFile {
    parties(
      filter: { search: $search }, includeOffboarded: $all,
      first: $first, after: $after, last: $last, before: $before
    ) { nodes { reference } pageInfo { ...ends } totalCount }
  }
}"""
    + ENDS
)
PRODUCTS: Final = PARTIES.replace("parties", "products").replace("reference", "number")
TASKS: Final = """query ($search: String) {
  offboardings(filter: { search: $search }, orderBy: { field: STARTED_AT }) {
    nodes { version } totalCount
  }
}"""

DONE: Final = OffboardingStatus.DONE
ENDED: Final = OffboardingResolution.DONE


async def parties(ask: Ask, viewer: User, search: str | None, **variables: Any) -> list[str]:
    answered = await ask(viewer, PARTIES, search=search, **variables)
    connection = answered["clientFile"]["parties"]
    assert connection["totalCount"] == len(connection["nodes"])
    return [node["reference"] for node in connection["nodes"]]


async def products(ask: Ask, viewer: User, search: str | None, **variables: Any) -> list[str]:
    answered = await ask(viewer, PRODUCTS, search=search, **variables)
    connection = answered["clientFile"]["products"]
    assert connection["totalCount"] == len(connection["nodes"])
    return [node["number"] for node in connection["nodes"]]


async def tasks(ask: Ask, viewer: User, search: str | None) -> list[int]:
    """Return which offboardings are found: each has a version of its own in these tests."""
    connection = (await ask(viewer, TASKS, search=search))["offboardings"]
    assert connection["totalCount"] == len(connection["nodes"])
    return [node["version"] for node in connection["nodes"]]


# ---------------------------------------------------------------- words


async def test_finds_each_word_or_its_beginning_in_any_order(ask: Ask) -> None:
    viewer = await make_user()
    await make_party(reference="1", name="Johann Müller")
    await make_party(reference="2", name="Mueller, Jo")
    await make_party(reference="3", name="Müllerin Josefa")
    await make_party(reference="4", name="Banjo Muller")
    cases = {
        "muller jo": ["1", "3"],
        "jo muller": ["1", "3"],
        "MÜLLER": ["4", "1", "3"],
        "müller jos": ["3"],
        "mullerin": ["3"],
        "jo": ["1", "2", "3"],
        "jo jo": ["1", "2", "3"],
        "jo johann": ["1"],
        "ller": [],
        "muller max": [],
        "mullerinnen": [],
    }

    found = {search: await parties(ask, viewer, search) for search in cases}

    assert found == cases


@pytest.mark.parametrize(
    ("name", "searches"),
    [
        ("Émile Zola", ["emile", "ÉMILE", "e\u0301mi", "zola émile"]),
        ("E\u0301mile Zola", ["emile", "émile"]),
        ("Ångström", ["angstrom", "A\u030angstro\u0308m", "ångs"]),
        ("Νίκος Σοφός", ["νικος", "ΝΙΚΟΣ", "νίκοσ", "σοφ"]),
        ("ΝΙΚΟΣ", ["νίκος", "Νίκος"]),
        ("Йосиф Ёлкин", ["иосиф", "ЙОСИФ", "елкин", "ёл"]),
        ("İzmir", ["izmir", "IZMIR"]),
        ("ﬁnance №5", ["finance", "no5"]),
        ("Straße", ["straße", "STRAße", "stra", "strasse", "STRASSE", "straß"]),
        ("STRASSE", ["straße", "Strasse"]),
        ("Łukasz Gołąb", ["lukasz", "ŁUKASZ golab", "gołąb", "gol"]),
        ("Søren Ødegård", ["soren", "odeg", "SØREN ØDEGÅRD", "Odegard"]),
        ("Æther Œuvre", ["aether", "OEUVRE", "æ", "œuv"]),
        ("I\u015f\u0131k İnan", ["isik", "inan", "IŞIK"]),
        ("Đorđe Þór Ðuro", ["dorde", "thor", "DURO", "đorđe þór"]),
        ("\u200fשָׁלֵם", ["שלם", "שָׁל", "\u200fשלם\u200f"]),
        ("مُحَمَّد أحمد", ["محمد", "احمد", "مُحَمَّد"]),
        ("soft\u00adhyphen a\u200bb", ["softhyphen", "ab", "soft\u00adhyphen"]),
        ("日本 商事", ["日", "日本", "商事 日本"]),
        ("각 나라", ["각", "나"]),
        ("O'Brien-Smith", ["o'brien-smith", "smith brien", "O\u2019Brien", "smith-o"]),
        ("O\u02bcBrien", ["o'brien", "brien o", "o\u02bcb"]),
        ("A&B (Holding) 24/7", ["a&b", "24/7", "7 24 holding", "(hold"]),
        ("first\tsecond\nthird", ["third first second"]),
        ("x" * 300, ["x" * 200, "x"]),
    ],
)
async def test_finds_whatever_the_case_accents_and_script(
    ask: Ask, name: str, searches: list[str]
) -> None:
    viewer = await make_user()
    await make_party(reference="1", name=name)
    await make_party(reference="2", name="Somebody else")

    found = {search: await parties(ask, viewer, search) for search in searches}

    assert found == {search: ["1"] for search in searches}


async def test_takes_operators_and_punctuation_for_what_parts_words(ask: Ask) -> None:
    viewer = await make_user()
    await make_party(reference="1", name="Abel Berta")
    await make_party(reference="2", name="Listed 'quoted' \\ \"twice\" 100% sure_thing")
    cases = {
        "abel & berta": ["1"],
        "abel | nobody": [],
        "!abel": ["1"],
        "abel:*": ["1"],
        "(abel <-> berta)": ["1"],
        "'abel'": ["1"],
        "abel\\": ["1"],
        "$9 abel": [],
        "@listed": ["2"],
        "quoted' twice\"": ["2"],
        "'; drop table party; --": [],
        "100%": ["2"],
        "sure_th": ["2"],
        "a%": ["1"],
        "b_rta": [],
    }

    found = {search: await parties(ask, viewer, search) for search in cases}

    assert found == cases


@pytest.mark.parametrize("search", ["!", "&|!()<->:*", "'", "''", "\\", "--", "%", "…", "\u0301"])
async def test_finds_nothing_by_punctuation_alone(ask: Ask, search: str) -> None:
    viewer = await make_user(name="! & '")
    party, product = await make_party(name="! & '"), await make_product(name="\\ -- %")
    await make_offboarding(party=party)
    await make_offboarding(product=product)

    assert await parties(ask, viewer, search) == []
    assert await products(ask, viewer, search) == []
    assert await tasks(ask, viewer, search) == []


@pytest.mark.parametrize("search", [None, "", " ", "\t\n", "\u00a0\u2003"])
async def test_takes_a_blank_search_for_none(ask: Ask, search: str | None) -> None:
    viewer = await make_user()
    party, product = await make_party(reference="1"), await make_product(number="2")
    await make_offboarding(party=party, version=3)
    await make_offboarding(product=product, version=3)

    assert await parties(ask, viewer, search) == ["1"]
    assert await products(ask, viewer, search) == ["2"]
    assert await tasks(ask, viewer, search) == [3, 3]


async def test_takes_two_hundred_characters_and_no_more(ask: Ask, told: Ask) -> None:
    viewer = await make_user()
    await make_party(reference="1", name="각" * 200)

    found = await parties(ask, viewer, "각" * 200)
    errors = [
        await told(viewer, document, search=search)
        for document in (PARTIES, PRODUCTS, TASKS)
        for search in ("x" * 201, "x" * 10_000, "! " * 5_000, " " * 201)
    ]

    assert found == ["1"]
    assert errors == [[("BAD_REQUEST", "A search has at most 200 characters.", None)]] * 12


async def test_refuses_nul(told: Ask) -> None:
    viewer = await make_user()

    errors = [await told(viewer, document, search="a\0") for document in (PARTIES, PRODUCTS, TASKS)]

    assert errors == [[("BAD_REQUEST", "A text cannot hold the character NUL.", None)]] * 3


# ---------------------------------------------------------------- where words are looked for


async def test_finds_parties_by_name_reference_and_e_mail(ask: Ask) -> None:
    viewer = await make_user()
    await make_party(reference="C-100/Ä", name="Abel", email="jo.muller@first.example")
    await make_party(reference="C-200", name="Berta 100", email="office@second.example")
    await make_party(reference="K 3", name="First Bank")
    cases = {
        "c-100/a": ["C-100/Ä"],
        "100": ["C-100/Ä", "C-200"],
        "c 100": ["C-100/Ä", "C-200"],
        "C-2": ["C-200"],
        "k-3": ["K 3"],
        "muller": ["C-100/Ä"],
        "jo.muller@first.example": ["C-100/Ä"],
        "@first": ["C-100/Ä", "K 3"],
        "example": ["C-100/Ä", "C-200"],
        "berta 100 office c": ["C-200"],
        "abel second": [],
    }

    found = {search: await parties(ask, viewer, search) for search in cases}

    assert found == cases


async def test_finds_products_by_name_and_number(ask: Ask) -> None:
    viewer = await make_user()
    await make_product(number="CH93 0076 2011", name="Current account")
    await make_product(number="PTF-7", name="Café portfolio")
    cases = {
        "ch93": ["CH93 0076 2011"],
        "2011 0076": ["CH93 0076 2011"],
        "CH9300762011": [],
        "ptf-7": ["PTF-7"],
        "cafe ptf": ["PTF-7"],
        "account portfolio": [],
    }

    found = {search: await products(ask, viewer, search) for search in cases}

    assert found == cases


async def test_finds_offboardings_by_what_names_their_subject(ask: Ask) -> None:
    viewer = await make_user(name="Starter")
    party = await make_party(reference="C-1", name="Jörg Müller", email="jm@example.com")
    product = await make_product(number="A-1", name="Jo account")
    await make_holding(party, product)
    cancelled = OffboardingResolution.CANCELLED
    await make_offboarding(party=party, version=1, status=DONE, resolution=cancelled)
    await make_offboarding(product=product, version=2, comment="secret")
    ended = await make_party(reference="C-2", name="Jolanda")
    await make_offboarding(party=ended, version=3, status=DONE, resolution=ENDED)
    cases = {
        "jo": [1, 2, 3],
        "muller jo": [1],
        "jm@example.com": [1],
        "c-1": [1],
        "c 2 jo": [3],
        "a-1": [2],
        "account": [2],
        "secret": [],
        "starter": [],
        "c": [1, 3],
    }

    found = {search: sorted(await tasks(ask, viewer, search)) for search in cases}

    assert found == cases


async def test_finds_what_was_renamed_by_its_new_name_only(ask: Ask) -> None:
    viewer = await make_user()
    party, product = await make_party(reference="1"), await make_product(number="2")

    party.name, product.name = "Before", "Earlier"
    await party.save()
    await product.save()
    party.name, product.name = "After", "Later"
    await party.save()
    await product.save()

    assert await parties(ask, viewer, "before") == []
    assert await parties(ask, viewer, "after") == ["1"]
    assert await products(ask, viewer, "earlier") == []
    assert await products(ask, viewer, "later") == ["2"]


# ---------------------------------------------------------------- what else decides


async def test_finds_what_has_left_the_overview_only_when_asked_for(ask: Ask) -> None:
    viewer = await make_user()
    party, product = (
        await make_party(reference="1", name="Jo"),
        await make_product(number="1", name="Jo"),
    )
    await make_holding(party, product)
    party, product = (
        await make_party(reference="2", name="Jo"),
        await make_product(number="2", name="Jo"),
    )
    await make_holding(party, product)
    await make_offboarding(party=party, status=DONE, resolution=ENDED)
    await make_offboarding(product=product, status=DONE, resolution=ENDED)

    assert await parties(ask, viewer, "jo") == ["1"]
    assert await parties(ask, viewer, "jo", all=True) == ["1", "2"]
    assert await products(ask, viewer, "jo") == ["1"]
    assert await products(ask, viewer, "jo", all=True) == ["1", "2"]


async def test_finds_nothing_of_another_organisation(ask: Ask) -> None:
    north, south = await make_organisation(), await make_organisation()
    for version, bank in ((1, north), (2, south)):
        party = await make_party(organisation=bank, reference=f"C-{version}", name="Jo")
        product = await make_product(organisation=bank, number=f"A-{version}", name="Jo")
        await make_offboarding(party=party, version=version)
        await make_offboarding(product=product, version=version)
    viewer = await make_user(organisation=north)

    for search in ("jo", str(north.id), str(south.id), f"@{south.id}"):
        found = search == "jo"
        assert await parties(ask, viewer, search, all=True) == (["C-1"] if found else [])
        assert await products(ask, viewer, search, all=True) == (["A-1"] if found else [])
        assert await tasks(ask, viewer, search) == ([1, 1] if found else [])


async def test_finds_with_access_own_only_what_the_viewer_sees(ask: Ask) -> None:
    viewer = await make_user(client_access=ClientAccess.OWN)
    for version, manager in ((1, viewer), (2, None)):
        party = await make_party(reference=f"C-{version}", name="Jo", manager=manager)
        product = await make_product(number=f"A-{version}", name="Jo")
        await make_holding(party, product)
        await make_offboarding(party=party, version=version)
        await make_offboarding(product=product, version=version)

    assert await parties(ask, viewer, "jo") == ["C-1"]
    assert await products(ask, viewer, "jo") == ["A-1"]
    assert await tasks(ask, viewer, "jo") == [1, 1]


@pytest.mark.usefixtures("database")
async def test_pages_through_what_is_found_in_the_order_of_the_list() -> None:
    viewer = await make_user()
    for number in (3, 1, 2):
        await make_party(reference=f"C-{number}", name=f"Jo {number}")
        await make_party(name=f"Jane {number}")
    document = PARTIES.replace("$search: String, ", "").replace("search: $search", 'search: "jo"')

    ahead = await forward(viewer, document, 2, "clientFile", "parties")
    back = await backward(viewer, document, 2, "clientFile", "parties")

    assert ahead == [[{"reference": "C-1"}, {"reference": "C-2"}], [{"reference": "C-3"}]]
    assert back == [[{"reference": "C-2"}, {"reference": "C-3"}], [{"reference": "C-1"}]]


async def test_finds_what_meets_the_other_conditions_too(ask: Ask) -> None:
    viewer = await make_user()
    party = await make_party(reference="1", name="Jo")
    await make_party(reference="2", name="Jo")
    await make_offboarding(party=party)

    answered = await ask(
        viewer,
        """{ clientFile { parties(filter: { search: "jo", offboardingState: [PENDING] }) {
          nodes { reference } totalCount } } }""",
    )

    assert answered["clientFile"]["parties"] == {"nodes": [{"reference": "1"}], "totalCount": 1}


async def test_keeps_apart_what_two_lists_of_one_statement_search_for(ask: Ask) -> None:
    viewer = await make_user()
    await make_party(reference="1", name="Jo")
    await make_party(reference="2", name="Ida")

    answered = await ask(
        viewer,
        """{ clientFile {
          one: parties(filter: { search: "jo" }) { nodes { reference } }
          other: parties(filter: { search: "ida" }) { nodes { reference } }
        } }""",
    )

    one, other = {"nodes": [{"reference": "1"}]}, {"nodes": [{"reference": "2"}]}
    assert answered["clientFile"] == {"one": one, "other": other}
