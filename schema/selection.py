"""A GraphQL selection becomes a plain one, its fragments and conditions resolved."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLResolveInfo,
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
from schema.context import Context, Document, Info, Selected

# More ways to switch one field than this: they are worked out anew.
MOST_SWITCHES: Final = 16


class _Collector:
    """Collects the fields of one operation, following the rules of GraphQL's execution."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
    ) -> None:
        self.schema = schema
        self.fragments = fragments
        self.variables = variables
        self.nodes: list[FieldNode] = []
        self.switches: dict[str, bool] = {}

    def select(self, nodes: list[FieldNode], parent: GraphQLObjectType) -> Selection:
        """Return a field from all the nodes that ask for it under one key."""
        first = nodes[0]
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
            type_.name: self._fields(sets, type_) for type_ in self._object_types(field.type)
        }
        return Selection(to_snake_case(name), key, slot, children)

    def _object_types(self, type_: Any) -> Iterable[GraphQLObjectType]:  # noqa: ANN401 - any output type
        named = get_named_type(type_)
        if is_abstract_type(named):
            return self.schema.get_possible_types(named)
        return [named] if is_object_type(named) else []

    def _fields(
        self, sets: list[SelectionSetNode], type_: GraphQLObjectType
    ) -> tuple[Selection, ...]:
        grouped: dict[str, list[FieldNode]] = {}
        visited: set[str] = set()
        for selection_set in sets:
            self._group(selection_set, type_, grouped, visited)
        return tuple(self.select(nodes, type_) for nodes in grouped.values())

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
                fragment = self.fragments[node.name.value]
                if self._applies(fragment.type_condition.name.value, type_):
                    self._group(fragment.selection_set, type_, grouped, visited)

    def _applies(self, condition: str, type_: GraphQLObjectType) -> bool:
        if condition == type_.name:
            return True
        named = self.schema.get_type(condition)
        return is_abstract_type(named) and self.schema.is_sub_type(named, type_)

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


def _selected(document: Document, info: GraphQLResolveInfo[Context]) -> Selected:
    """Return what a field selects, worked out once for each document and way to switch it."""
    # By the nodes, not by the path: switches above this field decide which nodes ask for it.
    place = (info.parent_type.name, *(id(node) for node in info.field_nodes))
    known = document.selections.setdefault(place, [])
    variables = info.context.variables
    for selected in known:
        if selected.holds_for(variables):
            return selected
    collector = _Collector(info.schema, info.fragments, variables)
    selection = collector.select(list(info.field_nodes), info.parent_type)
    selected = Selected(selection, tuple(collector.nodes), collector.switches)
    if len(known) >= MOST_SWITCHES:
        known.clear()
    known.append(selected)
    return selected


def selection(info: Info) -> Asked:
    """Return what is asked of the field that a resolver answers."""
    raw: GraphQLResolveInfo[Context] = info._raw_info  # noqa: SLF001 - Strawberry hides graphql-core's
    context = raw.context
    if context.document is None:
        raise LookupError("the executor keeps the document of each request")
    selected = _selected(context.document, raw)
    arguments = tuple(context.arguments.get(id(node), {}) for node in selected.nodes)
    return Asked(selected.selection, arguments, selected.plans)


def select(schema: GraphQLSchema, parent: GraphQLObjectType, field: FieldNode) -> Selection:
    """Return what a field of our own selects, which knows neither fragments nor variables."""
    return _Collector(schema, {}, {}).select([field], parent)
