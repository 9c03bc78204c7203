"""The lists that can be exported, each with what an export tells of a row.

An export holds the rows of the query of the same name, in its order; each row is a node of it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    FieldNode,
    GraphQLList,
    get_nullable_type,
    parse,
)

from resolvers.selection import Asked, Selection
from resolvers.tables import readable_of
from schema import schema
from schema.parameters import Parameter, arguments_of, parameters_of
from schema.selection import select

_SCHEMA: Final = schema._schema  # noqa: SLF001 - as in schema


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: where in a row its value is, and of which type of the schema."""

    path: tuple[str, ...]
    type: str

    @property
    def name(self) -> str:
        """What stands above the column: its path, with points."""
        return ".".join(self.path)


class Export:
    """A list that can be exported: a connection, and what is selected of each of its nodes."""

    def __init__(self, name: str, parent: str, type_name: str, nodes: str) -> None:
        type_: Any = _SCHEMA.get_type(parent)
        self.name = name
        self.type_name = type_name
        self.selection = select(_SCHEMA, type_, _field(f"{{ {name} {{ nodes {{ {nodes} }} }} }}"))
        self.nodes = self.selection.of(f"{type_name}Connection")[0]
        self.columns: list[Column] = list(dict.fromkeys(_columns(self.nodes)))
        self._arguments = type_.fields[name].args
        self._order = readable_of(type_name).order[0]

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """What an export can be asked for, by the names of the parameters."""
        return parameters_of(self._arguments)

    def asked(self, given: Iterable[tuple[str, str]]) -> Asked:
        """Return what parameters ask for; refuse with `BadRequestError` what makes no sense."""
        return Asked(self.selection, (arguments_of(self._arguments, self._order, given),), {})


def _field(document: str) -> FieldNode:
    operation: Any = parse(document, no_location=True).definitions[0]
    field: FieldNode = operation.selection_set.selections[0]
    return field


def _columns(selection: Selection) -> Iterator[Column]:
    """Yield the columns of a table for an object: its fields, and those of the objects in it."""
    for type_name, parts in selection.children.items():
        type_: Any = _SCHEMA.get_type(type_name)
        for part in parts:
            if part.key == "__typename":
                yield Column((part.key,), "String")
                continue
            of = get_nullable_type(type_.fields[part.key].type)
            if isinstance(of, GraphQLList) or not part.children:
                yield Column((part.key,), str(of))
                continue
            for column in _columns(part):
                yield Column((part.key, *column.path), column.type)


EXPORTS: Final[Mapping[str, Export]] = {
    export.name: export
    for export in (
        Export(
            "parties",
            "ClientFile",
            "Party",
            "id type name reference email status offboardingState onboardedOn offboardedAt"
            " retentionUntil manager { id name email } offboarding { id status }"
            " createdAt updatedAt",
        ),
        Export(
            "products",
            "ClientFile",
            "Product",
            "id name number status offboardingState openedOn terminatedAt retentionUntil"
            " offboarding { id status } createdAt updatedAt",
        ),
        Export(
            "offboardings",
            "Query",
            "Offboarding",
            "id subject { __typename ... on Party { id name reference }"
            " ... on Product { id name number } } status resolution assignee { id name email }"
            " reason comment effectiveOn dueOn startedBy { id name email } startedAt updatedAt"
            " closedBy { id name email } closedAt version",
        ),
        Export(
            "activity",
            "Query",
            "Activity",
            "id cursor kind occurredAt actor { id name email } offboarding { id }"
            " party { id name reference } product { id name number } user { id name email }"
            " changes { field before after }",
        ),
    )
}
