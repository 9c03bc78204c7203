"""The activity log: what happened, oldest first."""

from collections.abc import AsyncGenerator

import orjson

from models import Permission, Viewer
from resolvers.filters import Filters
from resolvers.following import Current, Followed, Follower, newest_or, span
from resolvers.json_text import Json, text_of
from resolvers.reader import Reader
from resolvers.reading import read
from resolvers.selection import Asked
from resolvers.tables import readable_of


def _log(reader: Reader) -> Json:
    return reader.all(reader.asked.selection, "Activity")


async def log(viewer: Viewer, asked: Asked) -> orjson.Fragment | None:
    """Return a page of the log, in the order of commits (R15)."""
    if Permission.USER_ADMIN not in viewer.permissions:
        viewer.require(Permission.CLIENT_FILE_READ)
    return await read(viewer, asked, _log)


def grown(reader: Reader, row: str, shown: str) -> str:
    """Compose the statement of the entries of a span, each shown in some way."""
    readable, (start, end, most) = readable_of("Activity"), span(reader)
    conditions = [
        f"{row}.id > {start} and {row}.id <= {end}",
        readable.visible(row, reader),
        *Filters(reader, reader.asked.selection, readable).of(row),
    ]
    return (
        f"select {row}.id as place, {shown} as json from activity {row}"
        f" where {' and '.join(conditions)} order by {row}.id limit {most}"
    )


def _grown(reader: Reader) -> str:
    row = reader.alias()
    json = reader.object("Activity", reader.asked.selection.of("Activity"), row)
    return grown(reader, row, text_of(json))


async def follow(current: Current, followed: Followed) -> AsyncGenerator[tuple[bytes, ...], None]:
    """Return the entries of the log past a cursor, or from now on, in the order of commits (R15).

    Raises `ForbiddenError` or `BadRequestError` before there is anything to follow.
    """
    (await current()).require(Permission.CLIENT_FILE_READ)
    return Follower(current, _grown, followed).pages(await newest_or(followed.asked))
