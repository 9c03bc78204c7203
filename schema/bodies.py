"""Bodies that came lately: of a query, the same bytes are read, checked and prepared once.

A front end asks for the same page again and again. What is kept says nothing of who asked, and
nothing of what they were told.
"""

from collections import OrderedDict
from typing import Final

from strawberry.types.graphql import OperationType

from schema.context import Prepared
from schema.requests import operation_of
from schema.streams import Operation

MOST_BODIES: Final = 4_000
MOST_BYTES: Final = 1_000_000
LONGEST_KEPT: Final = 20_000


class Bodies:
    """The operations of bodies that came last: so many, of so many bytes together."""

    def __init__(self, most: int = MOST_BODIES, most_bytes: int = MOST_BYTES) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[bytes, Operation] = OrderedDict()

    def operation_of(self, body: bytes) -> Operation:
        """Return the operation in a body, or refuse with 400."""
        operation = self._kept.get(body)
        if operation is not None:
            self._kept.move_to_end(body)
            return operation
        operation = operation_of(body)
        if len(body) <= LONGEST_KEPT and _is_query(operation):
            self._keep(body, operation)
        return operation

    def _keep(self, body: bytes, operation: Operation) -> None:
        self._kept[body] = operation
        self._bytes += len(body)
        while self._bytes > self._most_bytes or len(self._kept) > self._most:
            oldest, _ = self._kept.popitem(last=False)
            self._bytes -= len(oldest)


def _is_query(operation: Operation) -> bool:
    prepared = operation.prepared
    return isinstance(prepared, Prepared) and prepared.kind is OperationType.QUERY
