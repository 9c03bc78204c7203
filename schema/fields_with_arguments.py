"""Which fields of a document take arguments: found once, and kept with it."""

from typing import Any

from graphql import (
    DirectiveNode,
    FieldNode,
    GraphQLObjectType,
    TypeInfo,
    TypeInfoVisitor,
    VariableNode,
    Visitor,
    get_named_type,
    separate_operations,
    visit,
)

from resolvers.tables import readable_of
from schema.context import Document, Taking


class _FieldsWithArguments(Visitor):
    """Collects the fields that take arguments, each once, and the variables that switch fields.

    A mutation's own input is left to its resolver, whose refusals are typed.
    """

    def __init__(self, type_info: TypeInfo, mutation: GraphQLObjectType | None) -> None:
        super().__init__()
        self.type_info = type_info
        self.mutation = mutation
        self.found: list[Taking] = []
        self.switching: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:  # noqa: ANN401 - the visitor's shape
        values = [argument.value for argument in node.arguments or ()]
        self.switching |= {v.name.value for v in values if isinstance(v, VariableNode)}

    def enter_field(self, node: FieldNode, *_: Any) -> None:  # noqa: ANN401 - the visitor's shape
        field = self.type_info.get_field_def()
        parent = self.type_info.get_parent_type()
        if field is None or not field.args or parent is None or parent is self.mutation:
            return
        if node.name.value.startswith("__") or parent.name.startswith("__"):
            return
        name = get_named_type(field.type).name
        pages = (
            readable_of(name.removesuffix("Connection")) if name.endswith("Connection") else None
        )
        self.found.append(Taking(node, field, pages))


def fields_with_arguments(document: Document, name: str) -> list[Taking]:
    """Return those of one operation: the variables of the others have no values now."""
    if name not in document.taking:
        type_info = TypeInfo(document.schema)
        visitor = _FieldsWithArguments(type_info, document.schema.mutation_type)
        visit(separate_operations(document.node)[name], TypeInfoVisitor(type_info, visitor))
        document.taking[name], document.switching[name] = visitor.found, visitor.switching
    return document.taking[name]
