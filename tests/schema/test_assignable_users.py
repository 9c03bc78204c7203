"""The field `assignableUsers`: the enabled people of the viewer's organisation."""

from typing import Any, Final

from models import ClientAccess, User
from tests.asking import Ask, gid
from tests.factories import make_organisation, make_user
from tests.schema.pages import ENDS, backward, forward

PEOPLE: Final = (
    """query ($search: String, $first: Int, $after: Cursor, $last: Int, $before: Cursor) {
  assignableUsers(
    search: $search, first: $first, after: $after, last: $last, before: $before
  ) {
    nodes { name } pageInfo { ...ends } totalCount
  }
}"""
    + ENDS
)


async def names(ask: Ask, viewer: User, search: str | None = None) -> list[str]:
    connection = (await ask(viewer, PEOPLE, search=search))["assignableUsers"]
    assert connection["totalCount"] == len(connection["nodes"])
    return [node["name"] for node in connection["nodes"]]


async def test_shows_the_enabled_people_of_the_organisation_by_name(ask: Ask) -> None:
    bank, other = await make_organisation(), await make_organisation()
    viewer = await make_user(organisation=bank, name="émile", groups=[])
    await make_user(organisation=bank, name="Zoe", client_access=ClientAccess.OWN)
    await make_user(organisation=bank, name="Eva")
    await make_user(organisation=bank, name="Abel", enabled=False)
    await make_user(organisation=other, name="Berta")

    assert await names(ask, viewer) == ["émile", "Eva", "Zoe"]


async def test_shows_all_of_a_person(ask: Ask) -> None:
    viewer = await make_user(name="Ada", email="ada@example.com")

    answered = await ask(
        viewer,
        "{ assignableUsers { edges { __typename node { __typename id name email enabled } } } }",
    )

    person = {
        "__typename": "User",
        "id": gid(viewer),
        "name": "Ada",
        "email": "ada@example.com",
        "enabled": True,
    }
    assert answered == {"assignableUsers": {"edges": [{"__typename": "UserEdge", "node": person}]}}


async def test_searches_beginnings_of_words_in_any_order(ask: Ask) -> None:
    viewer = await make_user(name="Émile Zola", email="ez@north.example")
    await make_user(name="Anne-Marie O'Neill", email="amo@north.example")
    await make_user(name="Zoë 100% Sure_Thing", email="sure@south.example")
    whole = ["Anne-Marie O'Neill", "Émile Zola", "Zoë 100% Sure_Thing"]
    cases: dict[str | None, list[str]] = {
        None: whole,
        "": whole,
        " ": whole,
        "%": [],
        "_": [],
        "\\": [],
        "zo": ["Émile Zola", "Zoë 100% Sure_Thing"],
        "zoe": ["Zoë 100% Sure_Thing"],
        "ZOLA emi": ["Émile Zola"],
        "ola": [],
        "émile zola ez": ["Émile Zola"],
        "marie": ["Anne-Marie O'Neill"],
        "anne-marie": ["Anne-Marie O'Neill"],
        "neill": ["Anne-Marie O'Neill"],
        "o'neill": ["Anne-Marie O'Neill"],
        "thing": ["Zoë 100% Sure_Thing"],
        "100%": ["Zoë 100% Sure_Thing"],
        "north": ["Anne-Marie O'Neill", "Émile Zola"],
        "ez@north": ["Émile Zola"],
        "north zoe": [],
        "' or true --": [],
        "x" * 200: [],
    }

    found = {search: await names(ask, viewer, search) for search in cases}

    assert found == cases


async def test_finds_nobody_of_another_organisation(ask: Ask) -> None:
    viewer = await make_user(name="Ada")
    await make_user(organisation=await make_organisation(), name="Adam")

    assert await names(ask, viewer, "ada") == ["Ada"]


async def test_pages_with_people_of_one_name(ask: Ask) -> None:
    viewer = await make_user(name="same", email="0@example.com")
    for number in range(1, 5):
        await make_user(name="Same", email=f"{number}@example.com")
    document = PEOPLE.replace("nodes { name }", "nodes { email }")
    whole = (await ask(viewer, document))["assignableUsers"]["nodes"]

    pages = await forward(viewer, document, 2, "assignableUsers")
    back = await backward(viewer, document, 2, "assignableUsers")

    assert whole == [{"email": f"{number}@example.com"} for number in range(5)]
    assert pages == [whole[:2], whole[2:4], whole[4:]]
    assert back == [whole[3:], whole[1:3], whole[:1]]


async def test_refuses_pages_that_make_no_sense(told: Ask) -> None:
    viewer = await make_user()
    cases: list[tuple[dict[str, Any], str]] = [
        ({"first": 0}, "first must lie between 1 and 100."),
        ({"first": 101}, "first must lie between 1 and 100."),
        ({"last": 0}, "last must lie between 1 and 100."),
        ({"first": 1, "last": 1}, "Give first or last, not both."),
        ({"before": "x"}, "before is not a cursor of this list."),
        ({"after": "x"}, "after is not a cursor of this list."),
        ({"search": "x" * 201}, "A search has at most 200 characters."),
        ({"search": "a\0"}, "A text cannot hold the character NUL."),
    ]

    errors = [await told(viewer, PEOPLE, **case) for case, _ in cases]

    assert errors == [[("BAD_REQUEST", message, None)] for _, message in cases]
