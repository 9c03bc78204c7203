"""Documents are parsed, weighed and validated once, however often they are sent."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    parse,
    specified_rules,
    validate,
)
from graphql.validation.rules import overlapping_fields_can_be_merged

from schema.context import Document
from schema.limits import LimitError, check_shape
from schema.trusted import TrustedDocuments
from settings.limits import Limits

# What validation says where it has given up for the time it takes.
ABORTED: Final = "Validation aborted."
MOST_DOCUMENTS: Final = 1_000
LONGEST_KEPT: Final = 20_000


class Documents:
    """The valid documents of a schema by their text, as many as were used last."""

    def __init__(self, schema: GraphQLSchema, limits: Limits) -> None:
        self._schema = schema
        self._limits = limits
        self._trusted = TrustedDocuments(limits.trusted_documents)
        self._kept: OrderedDict[str | None, Document] = OrderedDict()
        self._rules: Any = specified_rules
        if not limits.introspection:
            self._rules = (*specified_rules, NoSchemaIntrospectionCustomRule)

    def read(self, text: str | None, id: str | None = None) -> Document | list[GraphQLError]:
        """Return the document of a text or of a registered id, or what is wrong with it."""
        document = self._kept.get(text)
        if document is not None:
            self._kept.move_to_end(text)
            return document
        try:
            return self._read(self._trusted.text_of(text, id))
        except GraphQLError as error:
            return [error]

    def _read(self, text: str) -> Document | list[GraphQLError]:
        if text in self._kept:
            return self._kept[text]
        node = self._parse(text)
        sizing = check_shape(self._schema, self._limits, node)
        errors = self._mistakes_in(node)
        return errors or self._keep(text, self._document(node, sizing))

    def _mistakes_in(self, node: DocumentNode) -> list[GraphQLError]:
        most = self._limits.max_comparisons
        # Of a document that is made to take long, most of the time; it counts two for each.
        overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 2 * most
        errors = validate(
            self._schema,
            node,
            self._rules,
            max_errors=self._limits.max_errors,
            hide_suggestions=not self._limits.introspection,
        )
        if errors and errors[-1].message == ABORTED:
            sentence = f"The document repeats too much; it takes over {most} comparisons to check."
            raise LimitError("MAX_COMPARISONS", most, None, sentence)
        return errors

    def _parse(self, text: str) -> DocumentNode:
        length, most = len(text.encode()), self._limits.max_document_bytes
        if length > most:
            sentence = f"The document has {length} bytes; at most {most} are allowed."
            raise LimitError("MAX_DOCUMENT_BYTES", most, length, sentence)
        tokens = self._limits.max_tokens
        try:
            return parse(text, max_lexical_tokens=tokens, max_comments=tokens)
        except GraphQLError as error:
            if "nested too deeply" in error.message:
                most = self._limits.max_depth
                sentence = f"The document is nested too deeply; at most {most} levels are allowed."
                raise LimitError("MAX_DEPTH", most, None, sentence) from error
            if "more than" not in error.message:
                raise
            sentence = f"The document has too many tokens; at most {tokens} are allowed."
            raise LimitError("MAX_TOKENS", tokens, None, sentence) from error

    def _document(self, node: DocumentNode, sizing: tuple[str, ...]) -> Document:
        operations: dict[str, OperationDefinitionNode] = {}
        fragments: dict[str, FragmentDefinitionNode] = {}
        for definition in node.definitions:
            if isinstance(definition, OperationDefinitionNode):
                operations[definition.name.value if definition.name else ""] = definition
            elif isinstance(definition, FragmentDefinitionNode):
                fragments[definition.name.value] = definition
        return Document(node, self._schema, operations, fragments, sizing)

    def _keep(self, text: str, document: Document) -> Document:
        if len(text) <= LONGEST_KEPT:
            self._kept[text] = document
            if len(self._kept) > MOST_DOCUMENTS:
                self._kept.popitem(last=False)
        return document


def document_id(extensions: Mapping[str, Any] | None) -> str | None:
    """Return the hash that stands for a document, as clients of Apollo send it."""
    persisted = (extensions or {}).get("persistedQuery")
    id = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
    return id if isinstance(id, str) else None
