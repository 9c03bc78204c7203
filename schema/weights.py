"""What an operation comes to, worked out of its document by one walk, before it is validated.

Each fragment is weighed once, however often it is spread, so that the walk takes as long as the
document is: fragments that spread others twice can stand for more fields than there are atoms.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_list_type,
    is_non_null_type,
)

# The size of a page that names none, and of a list that has no pages.
PAGE: Final = 50
LIST: Final = 10
# Telling about the whole schema takes as long as reading so many fields.
SCHEMA_COST: Final = 5_000

# Takes the name of the variable that holds a list's size; returns the size.
SizeOf = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Weight:
    """What a selection comes to; `each` is what it costs for each item of its connection."""

    depth: int = 0
    aliases: int = 0
    fields: int = 0
    cost: int = 0
    each: int = 0

    def __add__(self, other: "Weight") -> "Weight":
        """Return the weight of two selections side by side."""
        return Weight(
            max(self.depth, other.depth),
            self.aliases + other.aliases,
            self.fields + other.fields,
            self.cost + other.cost,
            self.each + other.each,
        )


NOTHING: Final = Weight()


@dataclass(slots=True)
class Scales:
    """Weighs the operations of a document."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    size_of: SizeOf
    known: dict[str, Weight] = field(default_factory=dict)
    directives: int = 0

    def weigh(self, operation: OperationDefinitionNode) -> Weight:
        """Return what an operation comes to; raise RecursionError for a bottomless one."""
        places = [
            operation.directives,
            *(v.directives for v in operation.variable_definitions or ()),
        ]
        self.directives = max([self.directives, *(len(place or ()) for place in places)])
        return self._set(operation.selection_set, self.schema.get_root_type(operation.operation))

    def _set(self, selections: SelectionSetNode, parent: Any) -> Weight:  # noqa: ANN401 - any type that has fields, or none
        total = NOTHING
        for node in selections.selections:
            self.directives = max(self.directives, len(node.directives or ()))
            if isinstance(node, FieldNode):
                total += self._field(node, parent)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                inner = parent if condition is None else self.schema.get_type(condition.name.value)
                total += self._set(node.selection_set, inner)
            elif isinstance(node, FragmentSpreadNode):
                total += self._fragment(node.name.value)
        return total

    def _fragment(self, name: str) -> Weight:
        if name not in self.known:
            fragment = self.fragments.get(name)
            self.known[name] = NOTHING  # while a cycle is gone through; validation refuses it
            if fragment is not None:
                self.directives = max(self.directives, len(fragment.directives or ()))
                type_ = self.schema.get_type(fragment.type_condition.name.value)
                self.known[name] = self._set(fragment.selection_set, type_)
        return self.known[name]

    def _field(self, node: FieldNode, parent: Any) -> Weight:  # noqa: ANN401 - as above
        alias, name = int(node.alias is not None), node.name.value
        if parent is None or not hasattr(parent, "fields"):
            return Weight(1, alias, 1, 1)
        definition = self.schema.get_field(parent, name)
        inner = NOTHING
        if node.selection_set is not None:
            type_ = get_named_type(definition.type) if definition else None
            inner = self._set(node.selection_set, type_)
        cost = 1 + inner.cost
        if parent.name.startswith("__"):
            return Weight(0, alias + inner.aliases, 1, cost)
        if name == "__schema":
            cost += SCHEMA_COST
        elif definition is not None and {"first", "last"} & definition.args.keys():
            cost += self._page(node) * inner.each
        elif definition is not None and _is_list(definition):
            return self._list(node, parent, alias, inner)
        return Weight(1 + inner.depth, alias + inner.aliases, 1, cost)

    def _list(self, node: FieldNode, parent: Any, alias: int, inner: Weight) -> Weight:  # noqa: ANN401 - as above
        depth, aliases = 1 + inner.depth, alias + inner.aliases
        cost = inner.cost + inner.each
        if parent.name.endswith("Connection"):
            return Weight(depth, aliases, 1, 1, cost)
        return Weight(depth, aliases, 1, 1 + self._items(node) * cost)

    def _page(self, node: FieldNode) -> int:
        sizes = [a.value for a in node.arguments or () if a.name.value in {"first", "last"}]
        return max([self._number(value) for value in sizes], default=PAGE)

    def _number(self, value: Any) -> int:  # noqa: ANN401 - any value of a document
        if isinstance(value, IntValueNode):
            # What has more digits than any page is refused as a page.
            return int(value.value) if len(value.value) < 8 else PAGE  # noqa: PLR2004 - see above
        return self.size_of(value.name.value) if isinstance(value, VariableNode) else PAGE

    def _items(self, node: FieldNode) -> int:
        """Return how many items a list without pages has, as far as the request tells."""
        for argument in node.arguments or ():
            if argument.name.value == "ids":
                value = argument.value
                if isinstance(value, VariableNode):
                    return self.size_of(value.name.value)
                return len(value.values) if isinstance(value, ListValueNode) else 1
        return LIST


def _is_list(definition: GraphQLField) -> bool:
    type_ = definition.type
    return is_list_type(type_.of_type if is_non_null_type(type_) else type_)


def scales_for(schema: GraphQLSchema, node: DocumentNode, size_of: SizeOf) -> Scales:
    """Return the scales for the operations of a document."""
    fragments = {d.name.value: d for d in node.definitions if isinstance(d, FragmentDefinitionNode)}
    return Scales(schema, fragments, size_of)
