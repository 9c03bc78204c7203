"""The commands about letters: to look at them, and to try a mail server."""

import asyncio
import email
import email.policy
from pathlib import Path

from settings.mail import SmtpTls
from tests.cli.process import Finished, run, run_anew
from tests.mail.mail_server import CERTIFICATE, PASSWORD, USERNAME, mail_server, refusing

LETTERS = [
    f"{kind}.{language}"
    for kind in ("task_assigned", "task_due", "daily_digest", "webhook_disabled")
    for language in ("en", "nl")
]


async def run_beside(*arguments: str, **environment: str) -> Finished:
    """Run a command while this process answers it."""
    return await asyncio.to_thread(run, *arguments, **environment)


def test_writes_each_letter_in_each_language_to_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "letters"

    done = run_anew("mail", "preview", str(folder), TASK_URL="https://bank.example/{id}")

    there = {path.name for path in folder.iterdir()}
    assert done.returncode == 0
    assert there == {f"{name}.{suffix}" for name in LETTERS for suffix in ("html", "txt", "eml")}
    assert done.stdout.splitlines() == [
        str(folder / f"{name}.{suffix}") for name in LETTERS for suffix in ("html", "txt", "eml")
    ]
    text = (folder / "task_assigned.nl.txt").read_text(encoding="utf-8")
    assert text.startswith("Er is een taak aan je toegewezen.\n")
    assert "https://bank.example/offboarding_" in text
    message = email.message_from_bytes(
        (folder / "daily_digest.en.eml").read_bytes(), policy=email.policy.default
    )
    assert message["Subject"] == "You have 12 open tasks on 4 March 2026"
    assert message.defects == []


def test_shows_each_letter_in_the_terminal() -> None:
    done = run("mail", "preview")

    titles = [line.strip("─ ") for line in done.stdout.splitlines() if line.startswith("── ")]
    assert done.returncode == 0
    assert titles == LETTERS
    assert "Subject: Een taak van je moet af zijn: Beëindiging van product" in done.stdout


async def test_sends_a_letter_and_prints_the_conversation_without_the_password() -> None:
    async with mail_server(tls=SmtpTls.STARTTLS, login=True) as server:
        done = await run_beside(
            *("mail", "test", "anna@bank.example", "--language", "nl"),
            SMTP_HOST=server.smtp.host,
            SMTP_PORT=str(server.smtp.port),
            SMTP_TLS="starttls",
            SMTP_USERNAME=USERNAME,
            SMTP_PASSWORD=PASSWORD,
            SSL_CERT_FILE=str(CERTIFICATE),
        )

    (taken,) = server.taken
    message = email.message_from_bytes(taken.content, policy=email.policy.default)
    said = done.stdout.splitlines()
    assert done.returncode == 0
    assert taken.recipients == ["anna@bank.example"]
    assert str(message["Subject"]).startswith("Er is een taak aan je toegewezen")
    assert said[0].startswith("S: 220 localhost")
    assert "C: STARTTLS" in said
    assert "C: AUTH PLAIN …" in said
    assert f"C: Message-ID: {message['Message-ID']}" in said
    assert said[-3:] == ["C: QUIT", "S: 221 Bye", "The letter was sent to anna@bank.example."]


async def test_says_what_the_mail_server_objects_to() -> None:
    async with mail_server(refusing("RCPT", "550 5.1.1 No such person")) as server:
        done = await run_beside(
            *("mail", "test", "anna@bank.example"),
            SMTP_HOST=server.smtp.host,
            SMTP_PORT=str(server.smtp.port),
        )

    assert done.returncode == 1
    assert "S: 550 5.1.1 No such person" in done.stdout.splitlines()
    assert done.stderr == "The letter was not sent. 550 5.1.1 No such person\n"


def test_needs_a_mail_server() -> None:
    done = run("mail", "test", "anna@bank.example")

    assert done.returncode == 1
    assert done.stderr.endswith("set SMTP_HOST.\n")


def test_refuses_an_address_that_is_none() -> None:
    done = run("mail", "test", "anna, bo@bank.example", SMTP_HOST="127.0.0.1", SMTP_PORT="1")

    assert done.returncode == 1
    assert done.stderr == ("The letter was not sent. The address is not a plain e-mail address.\n")
