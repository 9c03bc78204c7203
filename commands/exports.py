"""Commands that write a text for other programs: the schema, the settings, trusted documents."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from settings.table import page

Output = Annotated[
    Path | None, typer.Option(dir_okay=False, help="File to write; else standard output.")
]


def export_schema(output: Output = None) -> None:
    """Print the GraphQL schema."""
    from schema import sdl  # noqa: PLC0415 - slow to import, and few commands need it

    _write(sdl().rstrip("\n") + "\n", output)


def export_settings(output: Output = None) -> None:
    """Print every setting with its default and meaning."""
    _write(page(), output)


def documents(
    files: Annotated[
        list[Path],
        typer.Argument(
            exists=True, dir_okay=False, help="Each a document, or JSON of documents by any name."
        ),
    ],
    output: Output = None,
) -> None:
    """Register documents: print the file for TRUSTED_DOCUMENTS, unless one is not valid."""
    from schema import schema  # noqa: PLC0415 - as above
    from schema.trusted import TrustedDocumentsError, manifest_of, texts_of  # noqa: PLC0415 - as above

    try:
        texts = [text for file in files for text in texts_of(file, schema._schema)]  # noqa: SLF001 - Strawberry hides graphql-core's
    except TrustedDocumentsError as error:
        sys.exit(str(error))
    _write(manifest_of(texts), output)


def _write(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, encoding="utf-8")
