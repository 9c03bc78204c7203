"""A question as a client puts it, without HTTP: a document goes in, the answer's JSON comes out."""

import re
from typing import Any, Protocol

import orjson
from tortoise.models import Model

from models import User, Viewer
from schema import schema
from schema.context import Context
from tests.factories import viewer_for


class Ask(Protocol):
    """Asks on behalf of a person; the keywords are the variables."""

    async def __call__(self, asker: Viewer | User, document: str, **variables: Any) -> Any: ...


async def answer(
    asker: Viewer | User, document: str, variables: dict[str, Any], operation: str | None = None
) -> Any:
    """Return the whole answer, decoded as a client gets it."""
    viewer = asker if isinstance(asker, Viewer) else await viewer_for(asker)
    result = await schema.execute(
        document,
        variable_values=variables,
        context_value=Context(viewer),
        operation_name=operation,
    )
    whole: dict[str, Any] = {"data": result.data}
    if result.errors:
        whole["errors"] = [error.formatted for error in result.errors]
    return orjson.loads(orjson.dumps(whole))


async def data(asker: Viewer | User, document: str, **variables: Any) -> Any:
    """Return the data of an answer that must hold no error."""
    whole = await answer(asker, document, variables)
    assert "errors" not in whole, whole["errors"]
    return whole["data"]


def gid(row: Model) -> str:
    """Return the global id of a row."""
    prefix = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(row).__name__).lower()
    return f"{prefix}_{row.pk}"
