"""Statistics of offboardings: counts, ages and times, all from one pass over the rows."""

from collections.abc import Callable, Mapping
from typing import Final

import orjson

from models import Permission, Viewer
from resolvers.filters import Filters
from resolvers.json_text import (
    Json,
    Sql,
    json_array,
    json_object,
    name,
    plain,
    selected,
    text_of,
    value,
)
from resolvers.reader import Reader
from resolvers.reading import read
from resolvers.selection import Asked, Selection
from resolvers.tables import readable_of

# Ages of what is not Done, in days: from, to (None: no end).
AGES: Final = ((0, 7), (8, 30), (31, 90), (91, None))

_DAYS: Final = "extract(epoch from o.closed_at - o.started_at) / 86400"
_AGE: Final = "((now() at time zone 'UTC')::date - (o.started_at at time zone 'UTC')::date)"

Values = Mapping[str, Callable[[Selection], Json]]


def _object(selection: Selection, values: Values) -> Json:
    type_name = selection.type_name
    return json_object(
        [
            (part.key, name(type_name) if part.field == "__typename" else values[part.field](part))
            for part in selection.of(type_name)
        ]
    )


def _counts(selection: Selection, column: str, values: Values, where: str = "true") -> Json:
    """Return the JSON of one object for each value of a column, the most frequent first."""
    json = _object(selection, {"count": lambda _: value("g.count"), **values})
    groups = f"select {column} as value, count(*) from o where {where} group by 1"
    return (Sql(selected(json_array(json, "g.count desc, g.value"), f"from ({groups}) g")),)


def _ages(selection: Selection) -> Json:
    rows = ", ".join(f"({first}, {last or 'null'})" for first, last in AGES)
    count = (
        f"(select count(*) from o where o.status <> 'DONE' and {_AGE} >= g.first"
        f" and (g.last is null or {_AGE} <= g.last))"
    )
    values: Values = {
        "from_days": lambda _: value("g.first"),
        "to_days": lambda _: value("g.last"),
        "count": lambda _: value(count),
    }
    rest = f"from (values {rows}) g(first, last)"
    return (Sql(selected(json_array(_object(selection, values), "g.first"), rest)),)


def _quantiles(selection: Selection) -> Json:
    def quantile(share: str) -> Callable[[Selection], Json]:
        return lambda _: value(
            f"(select percentile_cont({share}) within group (order by {_DAYS})"
            " from o where o.status = 'DONE')"
        )

    return _object(selection, {"median": quantile("0.5"), "p90": quantile("0.9")})


def _statistics(reader: Reader) -> Json:
    selection = reader.asked.selection
    readable = readable_of("Offboarding")
    conditions = [readable.visible("x", reader), *Filters(reader, selection, readable).of("x")]
    if reader.own and readable.own is not None:
        conditions.append(readable.own("x", reader))

    def assignee(user: Selection) -> Json:
        return reader.one("User", user, lambda row: f"{row}.id = g.value")

    def named(_: Selection) -> Json:
        return plain("g.value")

    values: Values = {
        "total": lambda _: value("(select count(*) from o)"),
        "by_status": lambda part: _counts(part, "status", {"status": named}),
        "by_resolution": lambda part: _counts(
            part, "resolution", {"resolution": named}, "resolution is not null"
        ),
        "by_assignee": lambda part: _counts(part, "assignee_id", {"assignee": assignee}),
        "age_in_days": _ages,
        "days_to_done": _quantiles,
    }
    columns = "x.status, x.resolution, x.assignee_id, x.started_at, x.closed_at"
    rows = f"select {columns} from offboarding x where {' and '.join(conditions)}"
    return (Sql(f"(with o as materialized ({rows}) select {text_of(_object(selection, values))})"),)


async def statistics(viewer: Viewer, asked: Asked) -> orjson.Fragment | None:
    """Return counts, ages and times of the offboardings that the viewer may see."""
    viewer.require(Permission.CLIENT_FILE_READ)
    return await read(viewer, asked, _statistics)
