"""Trusted documents: the operations of known programs, by the SHA-256 of their text."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import orjson
from graphql import GraphQLError, GraphQLSchema, parse, validate

PREFIX: Final = "sha256:"


class TrustedDocumentsError(Exception):
    """A file cannot be used for trusted documents; the message names it and says why."""


def id_of(text: str) -> str:
    """Return the id under which a document is registered."""
    return sha256(text.encode()).hexdigest()


def manifest_of(texts: Iterable[str]) -> str:
    """Return the content of the file that registers documents."""
    documents = {id_of(text): text for text in texts}
    return (
        orjson.dumps(documents, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode() + "\n"
    )


def _documents_in(path: Path) -> dict[str, str]:
    try:
        documents: Any = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise TrustedDocumentsError(f"{path} cannot be read: {error}") from error
    if not isinstance(documents, dict) or not all(isinstance(t, str) for t in documents.values()):
        raise TrustedDocumentsError(f"{path} is no JSON object of documents.")
    return documents


def read_manifest(path: Path) -> dict[str, str]:
    """Return the documents of a file by their ids; each id must be that of its text."""
    documents = _documents_in(path)
    for id, text in documents.items():
        if id_of(text) != id:
            raise TrustedDocumentsError(f"{path}: {id} is not the SHA-256 of its document.")
    return documents


def texts_of(path: Path, schema: GraphQLSchema) -> list[str]:
    """Return the documents of a program's file, each valid in the schema."""
    json = path.suffix == ".json"
    texts = list(_documents_in(path).values()) if json else [path.read_text(encoding="utf-8")]
    for text in texts:
        try:
            errors = validate(schema, parse(text))
        except GraphQLError as error:
            errors = [error]
        if errors:
            raise TrustedDocumentsError(f"{path}: {errors[0]}")
    return texts


class TrustedDocuments:
    """The registered documents; without a file, every text is trusted."""

    def __init__(self, path: Path | None) -> None:
        self._texts: Mapping[str, str] | None = None if path is None else read_manifest(path)

    def text_of(self, text: str | None, id: str | None) -> str:
        """Return the text to execute, or refuse with a `GraphQLError`."""
        if self._texts is None:
            if text is None:
                raise _refusal("PERSISTED_QUERY_NOT_SUPPORTED", "Send the document as `query`.")
            return text
        key = id_of(text) if text is not None else (id or "").removeprefix(PREFIX)
        known = self._texts.get(key)
        if known is None:
            sentence = "This document is not registered; only registered ones are executed."
            raise _refusal("PERSISTED_QUERY_NOT_FOUND", sentence)
        return known


def _refusal(code: str, sentence: str) -> GraphQLError:
    return GraphQLError(sentence, extensions={"code": code})
