"""The log in the format CloudEvents 1.0, for those who have no GraphQL client."""

from collections.abc import AsyncGenerator
from typing import Any, Final

from models import Permission
from models.readable import cursor
from resolvers.activity import grown
from resolvers.following import Current, Followed, Follower, newest_or
from resolvers.json_text import Json, json_object, name, plain, text_of, value
from resolvers.reader import Reader
from resolvers.selection import Arguments, Asked, Selection


def _plain(*names: tuple[str, str]) -> tuple[Selection, ...]:
    return tuple(Selection(field, key) for field, key in names)


_ID: Final = ("id", "id")
_DATA: Final = (
    *_plain(_ID, ("cursor", "cursor"), ("kind", "kind"), ("occurred_at", "occurredAt")),
    Selection("actor", "actor", None, {"User": _plain(_ID, ("name", "name"))}),
    Selection(
        "offboarding",
        "offboarding",
        None,
        {
            "Offboarding": _plain(
                _ID, ("status", "status"), ("resolution", "resolution"), ("version", "version")
            )
        },
    ),
    Selection("party", "party", None, {"Party": _plain(_ID, ("reference", "reference"))}),
    Selection("product", "product", None, {"Product": _plain(_ID, ("number", "number"))}),
    Selection(
        "changes",
        "changes",
        None,
        {"Change": _plain(("field", "field"), ("before", "before"), ("after", "after"))},
    ),
)
_SELECTION: Final = Selection("activity", "activity", 0, {"Activity": _DATA})
_PLANS: Final[dict[Any, Any]] = {}


def asked(arguments: Arguments) -> Asked:
    """Return what is asked by who asks for events: all of each entry that the arguments name."""
    return Asked(_SELECTION, (arguments,), _PLANS)


def event(reader: Reader, row: str) -> Json:
    """Return an entry as a CloudEvent."""

    def id_of(field: str, type_name: str) -> str:
        # Of what the viewer may see only.
        part = Selection(field, field, None, {type_name: _plain(_ID)})
        return f"({text_of(reader.value('Activity', part, row))}::json ->> 'id')"

    subjects = (("offboarding", "Offboarding"), ("party", "Party"), ("product", "Product"))
    subject = ", ".join(id_of(*each) for each in subjects)
    return json_object(
        [
            ("specversion", name("1.0")),
            ("id", plain(f"{row}.id", "activity_")),
            ("source", plain(f"{row}.organisation_id", "/organisations/organisation_")),
            ("type", plain(f"lower({row}.kind) || '.v1'", "offboarding.")),
            ("subject", value(f"coalesce({subject})")),
            ("time", value(f"{row}.occurred_at")),
            ("datacontenttype", name("application/json")),
            ("data", reader.object("Activity", _DATA, row)),
        ]
    )


def _streamed(reader: Reader) -> str:
    row = reader.alias()
    id_, json = cursor("ID ASC", f"{row}.id"), text_of(event(reader, row))
    text = rf"'id: ' || {id_} || E'\ndata: ' || {json} || E'\n\n'"
    return grown(reader, row, text)


async def follow(current: Current, followed: Followed) -> AsyncGenerator[tuple[bytes, ...], None]:
    """Return entries past a cursor, or from now on, as server-sent events that hold CloudEvents.

    Raises `ForbiddenError` or `BadRequestError` before there is anything to follow.
    """
    (await current()).require(Permission.CLIENT_FILE_READ)
    return Follower(current, _streamed, followed).pages(await newest_or(followed.asked))
