"""Commands for operators; `python cli.py --help` lists them."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Final

import typer
from asyncpg import PostgresConnectionError
from tortoise.exceptions import DBConnectionError, ValidationError

from commands.exports import documents, export_schema, export_settings
from commands.tokens import revoke_token, token, tokens
from database import DatabaseUnusableError, EmbeddedError
from database.at_head import database_at_head, run
from demo import write_demo
from loading import BadRowsError, load_client_file
from loading.terminal import line_of, lines_of, progress_bar, write_bad_rows
from mail.commands import app as mail_commands
from models import DomainError
from serving.address import AddressError

app = typer.Typer(
    help="Run and look after the offboarding server.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(mail_commands, name="mail")

# What ends a command with one sentence; anything else is a fault of ours, with its traceback.
REFUSALS: Final = (
    AddressError,
    BadRowsError,
    DatabaseUnusableError,
    DBConnectionError,
    DomainError,
    EmbeddedError,
    OSError,
    PostgresConnectionError,
    ValidationError,
)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; else HOST.")] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port to listen on; else PORT.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Number of processes.")] = 1,
) -> None:
    """Start the server."""
    import server  # noqa: PLC0415 - slow to import, and no other command needs it

    server.serve(host, port, workers)


@app.command()
def worker() -> None:
    """Send letters and tell webhooks until told to stop, beside servers with RUN_WORKER=false."""
    import worker  # noqa: PLC0415 - as above

    worker.run_worker()


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema; any number of processes may do so at once."""
    with database_at_head() as (_, applied):
        for name in applied:
            print(f"Applied {name}.")
        if not applied:
            print("There is nothing to apply; the database has the newest schema.")


@app.command("import")
def import_client_file(
    folder: Annotated[Path, typer.Argument(help="Folder of the CSV files.")],
    *,
    organisation: Annotated[str, typer.Option(help="Name; made when there is none of it.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check it all, write nothing.")
    ] = False,
    errors: Annotated[
        Path | None, typer.Option(dir_okay=False, help="CSV file to write the bad rows to.")
    ] = None,
) -> None:
    """Load users.csv, parties.csv, products.csv and holdings.csv: all or nothing, any or all.

    What is there already is updated, never doubled; no status is touched.
    """
    if errors is not None:
        write_bad_rows(errors, [])
    with database_at_head() as (url, _):
        try:
            with progress_bar() as progress:
                report = asyncio.run(
                    load_client_file(url, folder, organisation, dry_run=dry_run, progress=progress)
                )
        except BadRowsError as error:
            print(*map(line_of, error.rows), sep="\n", file=sys.stderr)
            if errors is not None:
                write_bad_rows(errors, error.rows)
            raise
    print(*lines_of(report, organisation), sep="\n")
    if dry_run:
        print("This was a dry run: nothing was written.")


@app.command()
def demo() -> None:
    """Write the demo: Demo Bank with a few hundred parties, and the small Other Bank."""
    if run(write_demo):
        print("Demo Bank and Other Bank are written.")
        print("A token for one of their people: python cli.py token approver@demo.example")
    else:
        print("Demo Bank and Other Bank are there already; nothing was changed.")


app.command()(token)
app.command()(tokens)
app.command("revoke-token")(revoke_token)
app.command("export-schema")(export_schema)
app.command("export-settings")(export_settings)
app.command()(documents)


def main() -> None:
    """Run a command; what cannot be done is said in one sentence, with code 1."""
    try:
        app()
    except REFUSALS as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
