"""A GraphQL selection becomes a plain one, its fragments and conditions resolved."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
    is_object_type,
)
from strawberry.utils.str_converters import to_snake_case

from resolvers.selection import Asked, Selection
from schema.context import Document, Fields, Info, Place, Prepared, Selected, Use

# More ways to switch one field than this: they are worked out anew.
MOST_SWITCHES: Final = 16

S = TypeVar("S", Fields, Selected)


class _Collector:
    """Collects the fields of one operation, following the rules of GraphQL's execution."""

    def __init__(self, document: Document, variables: Mapping[str, Any]) -> None:
        self.document = document
        self.variables = variables
        self.nodes: list[FieldNode] = []
        self.switches: dict[str, bool] = {}

    def select(self, nodes: Iterable[FieldNode], parent: GraphQLObjectType) -> Selection:
        """Return a field from all the nodes that ask for it under one key."""
        first, *_ = nodes
        name = first.name.value
        key = first.alias.value if first.alias else name
        if name == "__typename":
            return Selection(name, key)
        field = parent.fields[name]
        slot = None
        if field.args:
            slot = len(self.nodes)
            self.nodes.append(first)
        sets = [node.selection_set for node in nodes if node.selection_set]
        children = {
            type_.name: tuple(
                self.select(nodes, type_) for nodes in self.fields(sets, type_).values()
            )
            for type_ in self._object_types(field.type)
        }
        return Selection(to_snake_case(name), key, slot, children)

    def fields(
        self, sets: Iterable[SelectionSetNode], type_: GraphQLObjectType
    ) -> dict[str, list[FieldNode]]:
        """Return the nodes that ask for each field of an object, by their keys."""
        grouped: dict[str, list[FieldNode]] = {}
        visited: set[str] = set()
        for selection_set in sets:
            self._group(selection_set, type_, grouped, visited)
        return grouped

    def _object_types(self, type_: Any) -> Iterable[GraphQLObjectType]:  # noqa: ANN401 - any output type
        named = get_named_type(type_)
        if is_abstract_type(named):
            return self.document.schema.get_possible_types(named)
        return [named] if is_object_type(named) else []

    def _group(
        self,
        selection_set: SelectionSetNode,
        type_: GraphQLObjectType,
        grouped: dict[str, list[FieldNode]],
        visited: set[str],
    ) -> None:
        for node in selection_set.selections:
            if not self._is_included(node):
                continue
            if isinstance(node, FieldNode):
                key = node.alias.value if node.alias else node.name.value
                grouped.setdefault(key, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                if condition is None or self._applies(condition.name.value, type_):
                    self._group(node.selection_set, type_, grouped, visited)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in visited:
                visited.add(node.name.value)
                fragment = self.document.fragments[node.name.value]
                if self._applies(fragment.type_condition.name.value, type_):
                    self._group(fragment.selection_set, type_, grouped, visited)

    def _applies(self, condition: str, type_: GraphQLObjectType) -> bool:
        if condition == type_.name:
            return True
        named = self.document.schema.get_type(condition)
        return is_abstract_type(named) and self.document.schema.is_sub_type(named, type_)

    def _is_included(self, node: Any) -> bool:  # noqa: ANN401 - any selection
        for directive in node.directives or ():
            value = directive.arguments[0].value
            if isinstance(value, VariableNode):
                name = value.name.value
                condition = self.switches[name] = bool(self.variables[name])
            else:
                condition = value.value
            if condition is (directive.name.value == "skip"):
                return False
        return True


def _known(known: list[S], variables: Mapping[str, Any]) -> S | None:
    """Return what was worked out before for the same values of the variables that matter."""
    for item in known:
        switches = item.switches
        if not switches or all(bool(variables[name]) is on for name, on in switches.items()):
            return item
    if len(known) >= MOST_SWITCHES:
        known.clear()
    return None


def fields(
    prepared: Prepared, sets: tuple[SelectionSetNode, ...], type_: GraphQLObjectType
) -> Fields:
    """Return the fields selected of an object, worked out once for each way to switch them."""
    document, variables = prepared.document, prepared.variables.coerced
    known = document.fields.setdefault((type_.name, *map(id, sets)), [])
    found = _known(known, variables)
    if found is None:
        collector = _Collector(document, variables)
        grouped = collector.fields(sets, type_)
        uses = {
            key: Use(type_, type_.fields.get(nodes[0].name.value), tuple(nodes))
            for key, nodes in grouped.items()
        }
        found = Fields(uses, collector.switches)
        known.append(found)
    return found


def selection(info: Info) -> Asked:
    """Return what is asked of the field that a resolver answers."""
    _, use, prepared = cast("Place", info)
    asked = prepared.asked.get(use)
    if asked is None:
        asked = prepared.asked[use] = _asked(prepared, use)
    return asked


def _asked(prepared: Prepared, use: Use) -> Asked:
    variables = prepared.variables.coerced
    selected = _known(use.selections, variables)
    if selected is None:
        collector = _Collector(prepared.document, variables)
        whole = collector.select(use.nodes, use.parent)
        selected = Selected(whole, tuple(collector.nodes), collector.switches)
        use.selections.append(selected)
    arguments = tuple([prepared.arguments.get(id(node), {}) for node in selected.nodes])
    return Asked(selected.selection, arguments, selected.plans)


def selection_within(info: Info, type_name: str, field: str) -> Asked | None:
    """Return what is asked of a field of a mutation's result; None where not just once."""
    asked = selection(info)
    found = [part for part in asked.selection.of(type_name) if part.field == field]
    return Asked(found[0], asked.arguments, asked.plans) if len(found) == 1 else None


def select(schema: GraphQLSchema, parent: GraphQLObjectType, field: FieldNode) -> Selection:
    """Return what a field of our own selects, which knows neither fragments nor variables."""
    document = Document(DocumentNode(definitions=()), schema, {}, {})
    return _Collector(document, {}).select([field], parent)
