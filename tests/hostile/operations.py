"""Random operations, as hypothesis-graphql draws them, about what a served demo holds."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    ObjectFieldNode,
    StringValueNode,
    Visitor,
    build_schema,
    print_ast,
    visit,
)
from hypothesis import strategies as st
from hypothesis_graphql import Mode, mutations, nodes, queries

from schema import sdl

# Which ids stand in an argument or input field of this name; in any other stand any.
KINDS: Final = {
    "actorId": "user",
    "assigneeId": "user",
    "managerId": "user",
    "recipientId": "user",
    "userId": "user",
    "groupId": "user_group",
    "groupIds": "user_group",
    "offboardingId": "offboarding",
    "partyId": "party",
    "productId": "product",
    "mailId": "outgoing_mail",
    "tokenId": "api_token",
    "webhookId": "webhook",
    "deliveryId": "webhook_delivery",
}
ODD_IDS: Final = ("", "party_", "party_1", "activity_01", "user_\0", "é_0", "x" * 3_000)
DATES: Final = ("2026-01-31", "0001-01-01", "9999-12-31", "2026-02-30", "31-01-2026", "")
MOMENTS: Final = (
    "2026-01-31T12:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-12:00",
    "2026-01-31T12:00:00.123456789Z",
    "2026-01-31",
    "",
)
CURSORS: Final = ("", "W10=", "nonsense", "bnVsbA==", "\0", "é")
ODD_NUMBERS: Final = (-(2**31), -1, 0, 101, 2**31 - 1, 2**31, 10**40)


def _string_or_null(text: str | None) -> Any:
    return nodes.Null if text is None else nodes.String(text)


_SCHEMA: Final = build_schema(sdl())
_NUMBERS: Final = st.integers(0, 999).map(lambda number: nodes.String(f"#{number}"))
_SCALARS: Final[Any] = {
    "ID": _NUMBERS | st.sampled_from(ODD_IDS).map(nodes.String),
    "Int": st.sampled_from((*range(1, 101), *ODD_NUMBERS)).map(nodes.Int),
    "Cursor": st.sampled_from((None,) * 12 + CURSORS).map(_string_or_null),
    "Date": st.sampled_from(DATES).map(nodes.String),
    "DateTime": st.sampled_from(MOMENTS).map(nodes.String),
}


class _Naming(Visitor):
    """Puts ids in the place of their numbers, and leaves `last` out where there is `first`."""

    def __init__(self, ids: Mapping[str, Sequence[str]]) -> None:
        super().__init__()
        self._ids = ids
        self._all = [id for some in ids.values() for id in some]
        self._within: list[str] = []

    def enter_field(self, node: FieldNode, *_: Any) -> FieldNode | None:
        given = node.arguments or ()
        if not {"first", "last"} <= {argument.name.value for argument in given}:
            return None
        kept = tuple(argument for argument in given if argument.name.value != "last")
        return FieldNode(name=node.name, arguments=kept, selection_set=node.selection_set)

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        self._within.append(node.name.value)

    def leave_argument(self, *_: Any) -> None:
        self._within.pop()

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> None:
        self._within.append(node.name.value)

    def leave_object_field(self, *_: Any) -> None:
        self._within.pop()

    def enter_string_value(self, node: StringValueNode, *_: Any) -> StringValueNode | None:
        if not node.value.startswith("#") or not node.value[1:].isdecimal():
            return None
        some = self._ids.get(KINDS.get(self._within[-1], ""), self._all)
        return nodes.String(some[int(node.value[1:]) % len(some)])


def operations(ids: Mapping[str, Sequence[str]]) -> st.SearchStrategy[str]:
    """Draw the text of a query or a mutation; some make no sense."""

    def named(document: DocumentNode) -> str:
        return print_ast(visit(document, _Naming(ids)))

    drawn: list[st.SearchStrategy[str]] = []
    for draw, root in ((queries, _SCHEMA.query_type), (mutations, _SCHEMA.mutation_type)):
        assert root is not None
        for field, definition in root.fields.items():
            given: Any = {"fields": [field], "custom_scalars": _SCALARS, "print_ast": named}
            drawn += [draw(_SCHEMA, **given)] * 2
            if definition.args.keys() & {"first", "ids", "input"}:
                drawn.append(draw(_SCHEMA, mode=Mode.NEGATIVE, **given))
    return st.one_of(drawn)
