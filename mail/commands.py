"""Commands about letters: look at them without sending any, and try the mail server with one."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header
from functools import partial
from pathlib import Path
from typing import Annotated, Final
from uuid import uuid4

import typer

from mail.conversation import Overheard
from mail.letters import Letterhead, letter_of
from mail.preview import body_of, sample, samples, write_samples
from mail.smtp import DeferredError, RefusedError, ServerDownError, SmtpServer, connected_to
from models import DomainError, Language, MailKind
from settings import settings_or_exit

WIDTH: Final = 72

app = typer.Typer(help="Look at letters, and try the mail server.", no_args_is_help=True)


@app.command()
def preview(
    folder: Annotated[
        Path | None,
        typer.Argument(file_okay=False, help="Folder to write to; else the terminal."),
    ] = None,
) -> None:
    """Show each letter in each language, about tasks that are made up; none is sent."""
    letterhead = Letterhead.of(settings_or_exit())
    if folder is not None:
        print(*write_samples(folder, letterhead), sep="\n")  # noqa: T201 - what was asked for
        return
    for name, letter in samples(letterhead):
        subject = make_header(decode_header(letter.message["Subject"]))
        text = body_of(letter.message, "plain")
        print(f"── {name} ".ljust(WIDTH, "─"), f"Subject: {subject}\n", text, sep="\n")  # noqa: T201 - as above


@app.command("test")
def send_test(
    address: Annotated[str, typer.Argument(help="E-mail address to send to.")],
    language: Annotated[
        Language, typer.Option(case_sensitive=False, help="Language of the letter.")
    ] = Language.EN,
) -> None:
    """Send one letter about a task that is made up, and print the talk with the mail server."""
    settings = settings_or_exit()
    server, letterhead = SmtpServer.of(settings), Letterhead.of(settings)
    if server is None:
        raise DomainError("There is no mail server to try: set SMTP_HOST.")
    try:
        asyncio.run(_send(server, letterhead, address, language))
    except (DeferredError, RefusedError, ServerDownError, ValueError) as error:
        raise DomainError(f"The letter was not sent. {error}") from error
    print(f"The letter was sent to {address}.")  # noqa: T201 - as above


async def _send(
    server: SmtpServer, letterhead: Letterhead, address: str, language: Language
) -> None:
    matter = sample(MailKind.TASK_ASSIGNED, language, address)
    # Mail servers put away a letter whose Message-ID they have seen before.
    matter = replace(matter, id=uuid4(), created_at=datetime.now(UTC))
    letter = letter_of(matter, letterhead)
    talk = connected_to(server, our_name=letterhead.domain, client=partial(Overheard, print))
    async with talk as connection:
        await connection.hand_over(letter)
