"""The settings as a document: what `docs/operating/settings.md` holds."""

from collections.abc import Iterator
from typing import Final

from pydantic import BaseModel

from settings import Settings

HEAD: Final = """# Settings

From the environment, or from a file `.env` beside the program. A secret may also stand in a file
that `<NAME>_FILE` names. All faulty ones are told at once, before anything starts. This page is
written by `make settings`.
"""


def rows(*groups: type[BaseModel]) -> Iterator[str]:
    """Yield a row for each setting of some groups."""
    for group in groups:
        for name in group.__annotations__:
            field = Settings.model_fields.get(name)
            if field is not None:
                default = "" if field.default is None else f"`{field.default}`"
                yield f"| `{name.upper()}` | {default} | {field.description} |"


def page() -> str:
    """Return the page of all settings, a table for each group of them."""
    groups = [
        g for g in Settings.__mro__ if issubclass(g, BaseModel) and g.__module__ != "pydantic"
    ]
    parts = [HEAD]
    for group in groups:
        lines = list(rows(group))
        if lines:
            title = (group.__doc__ or "").splitlines()[0]
            parts += [
                "\n".join([title, "", "| Name | Default | Meaning |", "|---|---|---|", *lines, ""])
            ]
    return "\n".join(parts)
