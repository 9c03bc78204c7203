"""Offboardings that change: each as it now is, however much has happened to it meanwhile."""

from collections.abc import AsyncGenerator

from models import Permission
from resolvers.following import Current, Followed, Follower, newest_or, span
from resolvers.json_text import text_of
from resolvers.reader import Reader
from resolvers.tables import readable_of

# What a letter went through changes no offboarding.
_UNCHANGING = "('MAIL_SENT', 'MAIL_FAILED')"


def _changed(reader: Reader) -> str:
    """Compose the statement of the offboardings that a span is about, each once."""
    entry, row, (start, end, most) = reader.alias(), reader.alias(), span(reader)
    selection = reader.asked.selection
    arguments = reader.asked.arguments_of(selection)
    conditions = [readable_of("Offboarding").visible(row, reader)]
    which = ""
    if arguments.get("offboarding_id") is not None:
        which = f" and {entry}.offboarding_id = " + reader.argument(
            selection, ("offboarding_id",), "uuid"
        )
    mine = "false"
    if arguments.get("assigned_to_me"):
        # Whose task it was until now is told that it is no longer.
        mine = (
            f"exists (select from jsonb_array_elements({entry}.changes) c"
            f" where c ->> 'field' = 'assignee' and c ->> 'before' = 'user_' || {reader.user})"
        )
        conditions.append(f"(e.was_mine or {row}.assignee_id = {reader.user})")
    entries = (
        f"select {entry}.offboarding_id, max({entry}.id) as place, bool_or({mine}) as was_mine"
        f" from activity {entry} where {entry}.organisation_id = {reader.organisation}"
        f" and {entry}.id > {start} and {entry}.id <= {end}"
        f" and {entry}.offboarding_id is not null and {entry}.kind not in {_UNCHANGING}{which}"
        f" group by {entry}.offboarding_id"
    )
    json = text_of(reader.object("Offboarding", selection.of("Offboarding"), row))
    return (
        f"select e.place, {json} as json from ({entries}) e"
        f" join offboarding {row} on {row}.id = e.offboarding_id"
        f" where {' and '.join(conditions)} order by e.place limit {most}"
    )


async def follow(current: Current, followed: Followed) -> AsyncGenerator[tuple[bytes, ...], None]:
    """Return the offboardings that change from now on, each as it is when it is read (R12).

    Raises `ForbiddenError` before there is anything to follow.
    """
    (await current()).require(Permission.CLIENT_FILE_READ)
    return Follower(current, _changed, followed).pages(await newest_or(followed.asked))
