"""Filters: what of the arguments of a field decides which rows are meant."""

from typing import Any

from models.readable import Cases, Choice, Filter, Range, Readable
from models.search import LISTED
from resolvers.selection import Arguments, Selection
from resolvers.statement import Statement


class Filters:
    """The conditions that the arguments of one field ask for."""

    def __init__(self, statement: Statement, selection: Selection, readable: Readable) -> None:
        self.statement = statement
        self.selection = selection
        self.readable = readable

    def of(self, row: str) -> list[str]:
        """Return the conditions that the arguments ask for."""
        arguments = self.statement.asked.arguments_of(self.selection)
        conditions = []
        for path, values in (((), arguments), (("filter",), arguments.get("filter") or {})):
            for name, value in values.items():
                known = self.readable.filters.get(name)
                if known is not None and value is not None:
                    conditions += self._filter(known, (*path, name), value, row)
        if "include_offboarded" in arguments and not arguments["include_offboarded"]:
            conditions.append(f"{row}.listed")
            if (arguments.get("filter") or {}).get("search") is not None:
                # Found by the index of words at once, however many rows are not listed.
                conditions.append(f"{row}.search @@ {LISTED}")
        return conditions

    def _filter(
        self,
        known: Filter | Range | Cases | Choice,
        path: tuple[str, ...],
        value: Any,  # noqa: ANN401 - any input
        row: str,
    ) -> list[str]:
        match known:
            case Cases() | Filter() if value == []:
                return ["false"]
            case Cases():
                cases = [known.conditions[n](row, self.statement) for n in dict.fromkeys(value)]
                return [f"({' or '.join(cases)})"]
            case Choice():
                return [known.condition(row, value, self.statement)]
            case Filter():
                return [known.condition(row, self._value(known, path), self.statement)]
            case Range():
                return self._range(known, path, value, known.expression(row))

    def _range(
        self, known: Range, path: tuple[str, ...], period: Arguments, expression: str
    ) -> list[str]:
        conditions = [
            f"{expression} {sign} {self._value(known, (*path, side))}"
            for side, sign in (("from", ">="), ("to", "<="))
            if period.get(side) is not None
        ]
        # Also of what has an end: the driver takes the last day of all for infinity.
        if conditions:
            conditions.append(f"{expression} < 'infinity'")
        return conditions

    def _value(self, known: Filter | Range, path: tuple[str, ...]) -> str:
        return self.statement.argument(self.selection, path, known.type, known.convert)
