"""Documents are parsed and validated once, however often they are sent."""

from collections import OrderedDict
from typing import Final

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    parse,
    validate,
)

from schema.context import Document

MOST_DOCUMENTS: Final = 1_000
LONGEST_KEPT: Final = 20_000
MOST_ERRORS: Final = 5


class Documents:
    """The valid documents of a schema by their text, as many as were used last."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._kept: OrderedDict[str, Document] = OrderedDict()

    def read(self, text: str) -> Document | list[GraphQLError]:
        """Return the document of a text, or what is wrong with it."""
        document = self._kept.get(text)
        if document is not None:
            self._kept.move_to_end(text)
            return document
        try:
            node = parse(text)
        except GraphQLError as error:
            return [error]
        errors = validate(self._schema, node, max_errors=MOST_ERRORS)
        if errors:
            return errors
        return self._keep(text, self._document(node))

    def _document(self, node: DocumentNode) -> Document:
        operations: dict[str, OperationDefinitionNode] = {}
        fragments: dict[str, FragmentDefinitionNode] = {}
        for definition in node.definitions:
            if isinstance(definition, OperationDefinitionNode):
                operations[definition.name.value if definition.name else ""] = definition
            elif isinstance(definition, FragmentDefinitionNode):
                fragments[definition.name.value] = definition
        return Document(node, self._schema, operations, fragments)

    def _keep(self, text: str, document: Document) -> Document:
        if len(text) <= LONGEST_KEPT:
            self._kept[text] = document
            if len(self._kept) > MOST_DOCUMENTS:
                self._kept.popitem(last=False)
        return document
