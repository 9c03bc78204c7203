"""Records what a release asks of its database, at the time of the release: `make release`."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import asyncpg

from database import connected, embedded_postgresql, run_migrations
from schema import schema
from settings import ROOT
from settings.limits import Limits
from tests.released.requests import FOLDER, answers

STATEMENTS: Final = FOLDER / "statements.sql"
MIGRATIONS: Final = FOLDER / "migrations.txt"
SCHEMA: Final = FOLDER / "schema.graphql"
BETWEEN: Final = "\n;\n"


@contextmanager
def _overheard() -> Iterator[dict[str, None]]:
    """Yield all statements that are prepared within the context, in their order."""
    prepare, heard = asyncpg.Connection._get_statement, dict[str, None]()  # noqa: SLF001 - all statements pass here

    async def listen(connection: asyncpg.Connection, query: str, *more: Any, **how: Any) -> Any:
        heard[query.strip()] = None
        return await prepare(connection, query, *more, **how)

    with patch.object(asyncpg.Connection, "_get_statement", listen):
        yield heard


async def record(url: str) -> None:
    """Send the requests of the release and keep what they ask of a migrated database."""
    await run_migrations(url)
    schema.limit(Limits(max_document_bytes=100_000, max_tokens=10_000, max_aliases=1_000))
    async with connected(url):
        with _overheard() as heard:
            async for name, answer in answers():
                assert "errors" not in answer, (name, answer)
    STATEMENTS.write_text(BETWEEN.join(heard) + "\n", encoding="utf-8")
    names = sorted(path.stem for path in (ROOT / "models/migrations").glob("[0-9]*.py"))
    MIGRATIONS.write_text("\n".join(names) + "\n", encoding="utf-8")
    SCHEMA.write_text((ROOT / "schema/schema.graphql").read_text(encoding="utf-8"), "utf-8")


if __name__ == "__main__":
    with (
        tempfile.TemporaryDirectory(prefix="offboarding-release-") as folder,
        embedded_postgresql(Path(folder)) as database,
    ):
        asyncio.run(record(database))
