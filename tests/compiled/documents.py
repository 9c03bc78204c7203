"""Random requests: documents that hypothesis-graphql draws, told anew in all that GraphQL allows.

Aliases, fragments, directives and variables are added here, and arguments are made to fit each
other, or else nearly every request would be refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    StringValueNode,
    ValueNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_object_type,
    parse_value,
    print_ast,
    value_from_ast_untyped,
)
from hypothesis import strategies as st
from hypothesis_graphql import nodes, queries

from tests.compiled.naive import make_schema, snake
from tests.compiled.places import ORDERS, cursor_of, order_of, place_of, words
from tests.compiled.rows import MOMENTS, NOW, Rows

DEEPEST: Final = 9
SHALLOW: Final = 5
PAGES: Final = {"first", "after", "last", "before"}
# Of which one is enough: both are wrong, or leave little between them.
CONTRARY: Final = (("first", "last"), ("id", "reference"), ("id", "number"), ("after", "before"))

# What stands in an argument or input field of this name; the schema itself has plain scalars.
VALUES: Final = {
    "managerId": "User",
    "assigneeId": "User",
    "actorId": "User",
    "groupId": "UserGroup",
    "userId": "User",
    "offboardingId": "Offboarding",
    "partyId": "Party",
    "productId": "Product",
    "recipientId": "User",
    "webhookId": "Webhook",
    "id": "Any",
    "ids": "Any",
    "first": "Size",
    "last": "Size",
    "search": "Search",
    "reference": "Reference",
    "number": "Reference",
    "name": "Name",
}
ODD_SEARCHES: Final = (
    "",
    " \t ",
    "!!!",
    "-",
    "a & b | !c",
    "jo:*",
    "'",
    "\\",
    "@listed",
    "\u00a0",
    "\u0301",
    "mul jo",
    "MÜLLER-JO",
    "νικος",
    "ΝΙΚΟΣ",
    "strasse",
    "STRAß",
    "lukasz aet",
    "שלם",
    "quoted back",
    "x" * 150,
    "각" * 120,
)
ENDS: Final = (
    "hasNextPage endCursor",
    "hasPreviousPage startCursor",
    "startCursor",
    "endCursor",
    "hasPreviousPage hasNextPage",
)
NO_CURSORS: Final = ("", "W10=", "nonsense", "bnVsbA==", "WyJJRCBBU0MiXQ==")


# ---------------------------------------------------------------- what values are drawn


def _with_kinds_of_values(schema: GraphQLSchema) -> GraphQLSchema:
    """Give each kind of value a scalar of its own, so that it can be drawn by its kind."""
    scalars = {kind: GraphQLScalarType(kind) for kind in VALUES.values()}

    def kind_of(type_: Any, kind: str) -> Any:
        if isinstance(type_, GraphQLNonNull | GraphQLList):
            return type(type_)(kind_of(type_.of_type, kind))
        return scalars[kind]

    for type_ in list(schema.type_map.values()):
        for name, member in getattr(type_, "fields", {}).items():
            inputs = {name: member} if isinstance(type_, GraphQLInputObjectType) else member.args
            for key, value in inputs.items():
                if key in VALUES and get_named_type(value.type).name in {"ID", "Int", "String"}:
                    kind = name.capitalize() if key == "id" and name != "node" else VALUES[key]
                    value.type = kind_of(value.type, kind)
    return schema


def _mostly(good: Sequence[Any], bad: Sequence[Any]) -> st.SearchStrategy[ValueNode]:
    """Draw from the good values, and from the bad ones about once in a hundred."""
    times = 1 + 100 * len(bad) // len(good)
    return st.sampled_from([*(list(good) * times), *bad]).map(nodes.String)


def _values(rows: Rows) -> dict[str, st.SearchStrategy[ValueNode]]:
    ids = {
        name: [f"{snake(name)}_{row.id}" for row in rows.of[name]]
        for name in rows.of
        if name != "Holding"
    }
    nobody = "00000000-0000-4000-8000-000000000000"
    no_id = [
        "",
        "party",
        "party_1",
        "activity_01",
        f"holding_{rows.of['Holding'][0].id}",
        f"user_{nobody}\0",
    ]
    named = {
        name: _mostly([*ids[name], f"{snake(name)}_{nobody}"], [*no_id, ids["Organisation"][0]])
        for name in ("User", "UserGroup", "Party", "Product", "Offboarding", "Webhook")
    }
    subjects = [*rows.of["Party"], *rows.of["Product"]]
    texts = [
        text
        for row in (*subjects, *rows.of["User"])
        for text in (
            row.name,
            getattr(row, "email", None),
            getattr(row, "reference", None),
            getattr(row, "number", None),
        )
        if text
    ]
    beginnings = sorted(
        {word[:size] for text in texts for word in words(text) for size in (1, 3, 9)}
    )
    references = [getattr(row, "reference", None) or row.number for row in subjects]
    return {
        **named,
        "Any": _mostly([id_ for name in ids for id_ in ids[name][:30]], no_id),
        "Size": st.sampled_from([1, 1, 2, 2, 3, 4, 7, 25, 100] * 3 + [0]).map(nodes.Int),
        "Search": _mostly([*beginnings, *texts, *ODD_SEARCHES * 10], ["x" * 201, "a\0"]),
        "Reference": _mostly([*references, "", "nothing"], ["\0"]),
        "Name": _mostly([*(row.name for row in rows.of["Product"]), "", "nothing"], ["\0"]),
        # A row by its rank, often among the first or the last; made into its cursor later.
        "Cursor": (st.integers(-2, 1) | st.integers(0, 400)).map(
            lambda rank: nodes.String(f"@{rank}")
        ),
        "Date": _days(),
        "DateTime": _moments(),
    }


def _days() -> st.SearchStrategy[ValueNode]:
    days = [date(2020, 1, 1), date(2021, 6, 30), date(1999, 12, 31), date.min, date.max]
    near = [day + timedelta(days=1) for day in days[:3]]
    return _mostly([day.isoformat() for day in (*days, *near)], ["2020-02-30", "today"])


def _moments() -> st.SearchStrategy[ValueNode]:
    moments = [
        datetime.min.replace(tzinfo=UTC),
        *MOMENTS,
        *(NOW - timedelta(days=days) for days in (1, 7, 30, 90, 100)),
        *(moment + timedelta(microseconds=1) for moment in MOMENTS),
    ]
    zones = ["2026-03-02T11:00:00+02:00", "2026-03-02T09:00:00", "2026-03-02", "2026-03-02T09:00Z"]
    bad = ["0001-01-01T00:00:00+14:00", "2020-01-01T25:00", "now"]
    return _mostly([*(moment.isoformat() for moment in moments), *zones], bad)


# ---------------------------------------------------------------- how a document is told


@dataclass(frozen=True)
class Request:
    """A document with its variables; `switches` are those that `@skip` and `@include` read."""

    text: str
    variables: dict[str, Any]
    switches: list[str]


@dataclass
class Teller:
    """Writes the text of a drawn document, deciding on the way how each thing is said."""

    draw: st.DrawFn
    schema: GraphQLSchema
    rows: Rows
    kinds: GraphQLSchema
    values: Mapping[str, st.SearchStrategy[ValueNode]]
    definitions: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    switches: list[str] = field(default_factory=list)
    fragments: dict[str, list[str]] = field(default_factory=dict)
    bodies: list[str] = field(default_factory=list)
    names: int = 0

    def once_in(self, times: int) -> bool:
        return self.draw(st.integers(1, times)) == times

    def new_name(self, letter: str) -> str:
        self.names += 1
        return f"{letter}{self.names}"

    def tell(self, operation: OperationDefinitionNode) -> Request:
        selected = self.selection(operation.selection_set.selections, self.schema.query_type, 1)
        head = f"query Asked({', '.join(self.definitions)}) " if self.definitions else ""
        return Request("\n".join([head + selected, *self.bodies]), self.variables, self.switches)

    # ------------------------------------------------------------ selections

    def selection(
        self, selected: Sequence[Any], parent: Any, depth: int, *, apart: bool = False
    ) -> str:
        parts = [part for node in selected for part in self.parts(node, parent, depth, apart)]
        if is_object_type(parent) and depth > 1 and not self.once_in(3):
            parts += self.more(parent, depth, apart=apart)
        if not parts or self.once_in(6):
            parts.insert(0, f"{self.alias()}__typename")
        return "{ " + " ".join(self.grouped(parts, parent)) + " }"

    def parts(self, node: Any, parent: Any, depth: int, apart: bool) -> list[str]:  # noqa: FBT001 - passed on
        if isinstance(node, InlineFragmentNode):
            assert node.type_condition is not None
            on = self.schema.type_map[node.type_condition.name.value]
            selected = node.selection_set.selections
            return [self.fragment(on, self.selection(selected, on, depth, apart=on is not parent))]
        return self.field(node, parent, depth, apart=apart)

    def field(self, node: FieldNode, parent: Any, depth: int, *, apart: bool) -> list[str]:
        """Return the field as it is, or left out where it is too deep, or said in two parts."""
        definition = parent.fields[node.name.value]
        type_ = get_named_type(definition.type)
        below = node.selection_set.selections if node.selection_set else ()
        if below and depth >= DEEPEST:
            return []
        # What two types have of one name may differ further down, so it needs a key of its own.
        given = node.alias.value if node.alias else None
        alias = f"{given or self.new_name('a')}: " if given or (apart and below) else self.alias()
        head = f"{alias}{node.name.value}{self.arguments(node, parent, definition)}"
        if not below:
            return [head + self.switch()] * (2 if self.once_in(12) else 1)
        if len(below) > 1 and self.once_in(8):
            half = len(below) // 2
            halves = [below[:half], below[half:]]
        else:
            halves = [below]
        return [
            f"{head}{self.switch()} {self.selection(half, type_, depth + 1)}" for half in halves
        ]

    def more(self, parent: Any, depth: int, *, apart: bool) -> list[str]:
        """Return some fields, so that there is enough to compare: more often what has fields."""
        below = {
            name: definition
            for name, definition in parent.fields.items()
            if depth < DEEPEST and is_composite_type(get_named_type(definition.type))
        }
        plain = [
            name for name in parent.fields if not is_composite_type(self.type_of(parent, name))
        ]
        often = 3 if depth < SHALLOW else 1
        names = st.sampled_from(["__typename", *plain, *[*below] * often])
        told = []
        for name in self.draw(st.lists(names, min_size=1, max_size=2 + often)):
            if name not in below:
                alias = f"{self.new_name('a')}: " if apart else self.alias()
                told.append(alias + name)
                continue
            args = self.arguments_for(self.fresh(parent, name), below[name])
            alias = f"{self.new_name('a')}: " if apart or args else self.alias()
            selected = self.selection((), self.type_of(parent, name), depth + 1)
            told.append(f"{alias}{name}{args} {selected}")
        if "pageInfo" in parent.fields and self.once_in(2):
            told.append(f"{self.alias()}pageInfo {{ {self.draw(st.sampled_from(ENDS))} }}")
        return told

    @staticmethod
    def type_of(parent: Any, name: str) -> Any:
        return get_named_type(parent.fields[name].type)

    def alias(self) -> str:
        return f"{self.new_name('a')}: " if self.once_in(5) else ""

    def switch(self) -> str:
        if not self.once_in(12):
            return ""
        directive = self.draw(st.sampled_from(["include", "skip"]))
        if self.once_in(4):
            return f" @{directive}(if: {'true' if self.once_in(2) else 'false'})"
        return f" @{directive}(if: ${self.switching_variable()})"

    def switching_variable(self) -> str:
        if self.switches and self.once_in(2):
            return self.draw(st.sampled_from(self.switches))
        name = self.new_name("s")
        self.switches.append(name)
        if self.once_in(8):
            self.definitions.append(f"${name}: Boolean = true")
            if self.once_in(20):
                self.variables[name] = None
        else:
            self.definitions.append(f"${name}: Boolean!")
            self.variables[name] = self.draw(st.booleans())
        return name

    def grouped(self, parts: list[str], parent: Any) -> list[str]:
        """Move some neighbours into a fragment, and add what says no more than is there."""
        if self.once_in(5):
            start = self.draw(st.integers(0, len(parts) - 1))
            end = self.draw(st.integers(start + 1, len(parts)))
            parts[start:end] = [self.fragment(parent, "{ " + " ".join(parts[start:end]) + " }")]
        known = self.fragments.get(parent.name)
        if known and self.once_in(6):
            parts.append(f"...{self.draw(st.sampled_from(known))}{self.switch()}")
        node = self.schema.type_map["Node"]
        if self.once_in(10) and is_object_type(parent) and node in parent.interfaces:
            parts.append(f"... on Node {{ {self.alias()}id }}")
        return parts

    def fragment(self, on: Any, selected: str) -> str:
        kind = self.draw(st.sampled_from(["on", "named", "bare"]))
        if kind == "named":
            name = self.new_name("f")
            self.fragments.setdefault(on.name, []).append(name)
            self.bodies.append(f"fragment {name} on {on.name} {selected}")
            return f"...{name}{self.switch()}"
        if kind == "bare" and not is_object_type(on):
            return f"...{self.switch()} {selected}"
        return f"... on {on.name}{self.switch()} {selected}"

    # ------------------------------------------------------------ arguments

    def arguments(self, node: FieldNode, parent: Any, definition: GraphQLField) -> str:
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        if "first" in definition.args and self.once_in(2):
            given = self.fresh(parent, node.name.value)
        return self.arguments_for(given, definition)

    def arguments_for(self, given: dict[str, ValueNode], definition: GraphQLField) -> str:
        told = [
            f"{name}: {self.typed(value, definition.args[name].type)}"
            for name, value in self.fitting(given, definition).items()
        ]
        return f"({', '.join(told)})" if told else ""

    def fresh(self, parent: Any, name: str) -> dict[str, ValueNode]:
        """Return arguments of a page on which there is something, often in another order."""
        args = self.kinds.type_map[parent.name].fields[name].args  # type: ignore[attr-defined] # it has fields
        if "first" not in args:
            return {}
        cursor = self.draw(st.sampled_from([None, None, "after", "before"]))
        size = self.draw(st.sampled_from(["first", "last"]))
        wanted = [size, *([cursor] if cursor else [])]
        wanted += [name for name in args if name not in PAGES and self.once_in(2)]
        return {name: parse_value(self.value(args[name].type)) for name in wanted}

    def value(self, type_: Any) -> str:
        """Return a value of an input type, with one or two members where all are optional."""
        inner = get_nullable_type(type_)
        if isinstance(inner, GraphQLList):
            size = self.draw(st.integers(1, 2))
            return f"[{', '.join(self.value(inner.of_type) for _ in range(size))}]"
        if isinstance(inner, GraphQLInputObjectType):
            names = list(inner.fields)
            if "field" not in names:
                names = self.draw(st.lists(st.sampled_from(names), min_size=1, max_size=2))
            members = [
                f"{name}: {self.value(inner.fields[name].type)}" for name in sorted({*names})
            ]
            return f"{{ {', '.join(members)} }}"
        if isinstance(inner, GraphQLEnumType):
            return str(self.draw(st.sampled_from(list(inner.values))))
        if inner.name == "Boolean":
            return "true" if self.once_in(2) else "false"
        return print_ast(self.draw(self.values[inner.name]))

    def fitting(
        self, given: dict[str, ValueNode], definition: GraphQLField
    ) -> dict[str, ValueNode]:
        """Leave out some, also what contradicts others, and turn numbers into cursors."""
        given = {
            name: value
            for name, value in given.items()
            if self.is_told(value, definition.args[name].type)
        }
        for one, other in CONTRARY:
            pair = [name for name in (one, other) if _is_given(given.get(name))]
            if len(pair) == 2 and not self.once_in(30):
                del given[self.draw(st.sampled_from(pair))]
        names = {"reference", "number"} & set(definition.args)
        if names and not _is_given(given.get("id")) and not self.once_in(30):
            given[names.pop()] = self.draw(self.values["Reference"])
        for name in ("after", "before"):
            value = given.get(name)
            if isinstance(value, StringValueNode):
                given[name] = nodes.String(self.cursor(int(value.value[1:]), given, definition))
        return given

    def few_of(self, value: ObjectValueNode) -> dict[str, ValueNode]:
        """Leave out much of a filter: few rows meet many conditions at once."""
        members = {member.name.value: member.value for member in value.fields}
        if not members or "field" in members:
            return members
        kept = self.draw(st.sampled_from(list(members)))
        return {
            name: member
            for name, member in members.items()
            if name == kept or (_is_given(member) and self.once_in(4))
        }

    def is_told(self, value: ValueNode, type_: Any) -> bool:
        """Whether to keep a value: what is null says as little as what is left out."""
        if isinstance(type_, GraphQLNonNull):
            return True
        return self.once_in(5) if isinstance(value, NullValueNode) else not self.once_in(4)

    def cursor(self, number: int, given: Mapping[str, ValueNode], definition: GraphQLField) -> str:
        """Return the cursor of a row in the order asked for, or now and then in another."""
        type_name = get_named_type(definition.type).name.removesuffix("Connection")
        untyped: Any = value_from_ast_untyped(given["orderBy"]) if "orderBy" in given else None
        asked = {"orderBy": {"direction": "ASC", **untyped} if untyped else None}
        order, direction = order_of(type_name, asked)
        ranked = sorted(self.rows.of[type_name], key=lambda row: place_of(row, order))
        row = ranked[number % len(ranked)]
        if self.once_in(20):
            return cursor_of(row, self.draw(st.sampled_from(list(ORDERS[type_name]))), "DESC")
        if self.once_in(30):
            return self.draw(st.sampled_from(NO_CURSORS))
        return cursor_of(row, order, direction)

    def typed(self, value: ValueNode, type_: Any) -> str:
        """Return a value as it is, or as a variable, or with variables within."""
        if self.once_in(5):
            return f"${self.variable(value, type_)}"
        inner = get_nullable_type(type_)
        if isinstance(value, ObjectValueNode) and isinstance(inner, GraphQLInputObjectType):
            told = [
                f"{name}: {self.typed(member, inner.fields[name].type)}"
                for name, member in self.few_of(value).items()
            ]
            return f"{{ {', '.join(told)} }}"
        if isinstance(value, ListValueNode) and isinstance(inner, GraphQLList):
            return f"[{', '.join(self.typed(item, inner.of_type) for item in value.values)}]"
        return print_ast(value)

    def variable(self, value: ValueNode, type_: Any) -> str:
        """Put a value into a variable: given, or its default, or neither where it is null."""
        name = self.new_name("v")
        plain = value_from_ast_untyped(value)
        if _is_given(value) and self.once_in(3):
            self.definitions.append(f"${name}: {get_nullable_type(type_)} = {print_ast(value)}")
            if self.once_in(2):
                self.variables[name] = plain
            return name
        self.definitions.append(f"${name}: {type_}")
        if plain is not None or self.once_in(2):
            self.variables[name] = plain
        return name


def _is_given(value: ValueNode | None) -> bool:
    return value is not None and not isinstance(value, NullValueNode)


# What is asked for together; drawing all that there is takes long, for all the types it may be.
ADMINISTERED: Final = (
    "mails",
    "users userGroups apiTokens",
    "webhooks webhookDeliveries",
)
ROOTS: Final = (
    "clientFile",
    "offboardings",
    "party product",
    "offboarding",
    "viewer assignableUsers",
    "activity",
    "statistics",
    *ADMINISTERED,
    "node nodes",
    "",
)


class Requests:
    """The requests that can be drawn about some rows."""

    def __init__(self, schema: GraphQLSchema, rows: Rows) -> None:
        self.schema = schema
        self.rows = rows
        self._drawn_from = _with_kinds_of_values(make_schema())
        self._values = _values(rows)

    def about(self, roots: str) -> st.SearchStrategy[Request]:
        """Draw requests for some root fields, or any; valid, as far as fields and types go."""
        documents: Any = queries(
            self._drawn_from,
            fields=roots.split() or None,
            custom_scalars=self._values,
            print_ast=lambda document: document,
        )

        @st.composite
        def told(draw: st.DrawFn) -> Request:
            (operation,) = draw(documents).definitions
            teller = Teller(draw, self.schema, self.rows, self._drawn_from, self._values)
            return teller.tell(operation)

        return told()
