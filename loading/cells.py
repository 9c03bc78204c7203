"""What may be wrong with one cell, as SQL over the row it stands in."""

from collections.abc import Iterator
from typing import Final

from loading.layout import HOLDINGS, Column, Kind, Sheet
from models.details import FIRST_YEAR
from models.organisation import LAST_YEAR

_DAY: Final = "'^[0-9]{4}-[0-9]{2}-[0-9]{2}$'"
_ATOM: Final = r'[^[:space:][:cntrl:]@.,;:<>()"\[\]\\]+'
_EMAIL: Final = rf"'^{_ATOM}([.]{_ATOM})*@{_ATOM}([.]{_ATOM})*$'"


def shown(value: str) -> str:
    """Return the SQL of a value as a message quotes it: one line, and not too long."""
    start = f"regexp_replace(left({value}, 60), '[[:cntrl:]]', '?', 'g')"
    return f"""'"' || {start} || case when length({value}) > 60 then '…"' else '"' end"""


def is_day(cell: str) -> str:
    """Return the condition that a cell is a day, safe to be followed by a cast."""
    # In a CASE, because only there is the order of the two certain.
    return f"case when {cell} ~ {_DAY} then pg_input_is_valid({cell}, 'date') else false end"


def _kind_problems(kind: Kind, cell: str) -> Iterator[tuple[str, str]]:
    value = shown(cell)
    if kind is Kind.KEY:
        yield f"{cell} ~ '[[:cntrl:]]'", "'holds a control character'"
    elif kind is Kind.EMAIL:
        yield f"{cell} !~ {_EMAIL}", f"'is no e-mail address: ' || {value}"
    elif kind is Kind.DAY:
        yield f"{cell} !~ {_DAY}", f"'is not written like 2024-12-31: ' || {value}"
        yield f"not pg_input_is_valid({cell}, 'date')", f"'is not in the calendar: ' || {value}"
        yield (
            f"left({cell}, 4)::int not between {FIRST_YEAR} and {LAST_YEAR}",
            f"'is not in the years {FIRST_YEAR} to {LAST_YEAR}: ' || {value}",
        )


def _end_problems() -> Iterator[tuple[str, str]]:
    # Where the day begins first, it is a day ahead of UTC.
    yield (
        "ended_on::date > (now() at time zone 'UTC')::date + 1",
        f"'lies in the future: ' || {shown('ended_on')}",
    )
    yield (
        f"case when {is_day('started_on')} then ended_on::date < started_on::date end",
        "'is before started_on, ' || started_on || ': ' || ended_on",
    )


def problems(sheet: Sheet, column: Column) -> Iterator[tuple[str, str]]:
    """Return (condition, problem) of all that may be wrong with a cell; the first one counts."""
    cell = column.name
    if column.required:
        yield f"{cell} is null", "'is missing'"
    if column.longest is not None:
        most = column.longest
        yield (
            f"length({cell}) > {most}",
            f"'is too long: ' || length({cell}) || ' characters, of {most} at most'",
        )
    if column.choices is not None:
        choices = [str(choice) for choice in column.choices]
        yield (
            f"{cell} <> all(array{choices})",
            f"'is not one of {', '.join(choices)}: ' || {shown(cell)}",
        )
    yield from _kind_problems(column.kind, cell)
    if sheet is HOLDINGS and cell == "ended_on":
        yield from _end_problems()
