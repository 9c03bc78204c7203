"""The mail server of the demo: takes everything in, and shows it harmlessly."""

import asyncio
import socket
from email.message import EmailMessage
from email.policy import SMTP

import aiosmtplib

from mail import Catcher, catching
from mail.catcher import MOST_KEPT


async def post(catcher: Catcher, message: EmailMessage, *, copies: int = 1) -> None:
    async with aiosmtplib.SMTP(
        hostname=catcher.host, port=catcher.port, start_tls=False, local_hostname="localhost"
    ) as client:
        for _ in range(copies):
            await client.sendmail("from@bank.example", ["to@bank.example"], message.as_bytes())


def message_of(subject: str = "Hello", text: str = "First line.\nSecond line.\n") -> EmailMessage:
    message = EmailMessage(SMTP)
    message["From"], message["To"] = "Bank <from@bank.example>", "Zoë <to@bank.example>"
    message["Subject"] = subject
    message.set_content(text)
    return message


async def test_keeps_the_envelope_and_every_byte() -> None:
    message = message_of()

    async with catching(tell=lambda _: None) as catcher:
        await post(catcher, message)

    (caught,) = catcher.messages
    assert (caught.number, caught.sender, caught.recipients) == (
        1,
        "from@bank.example",
        ("to@bank.example",),
    )
    assert caught.content == message.as_bytes()
    assert caught.header("To") == "Zoë <to@bank.example>"
    assert caught.header("Cc") == ""
    assert caught.body("plain") == "First line.\nSecond line.\n"
    assert caught.body("html") is None


async def test_tells_of_a_letter_as_it_comes_in() -> None:
    told: list[str] = []

    async with catching(tell=told.append) as catcher:
        await post(catcher, message_of())

    assert [line.rstrip("─") for line in told[0].split("\n")] == [
        "── letter 1 ",
        "From: Bank <from@bank.example>",
        "To: Zoë <to@bank.example>",
        "Subject: Hello",
        "",
        "First line.",
        "Second line.",
        "",
    ]


async def test_tells_nothing_that_a_terminal_would_obey() -> None:
    told: list[str] = []

    async with catching(tell=told.append) as catcher:
        await post(catcher, message_of(text="red \x1b[31m and \x07bell\n"))

    assert "red \N{REPLACEMENT CHARACTER}[31m and \N{REPLACEMENT CHARACTER}bell" in told[0]
    assert "\x1b" not in told[0]
    assert "\x07" not in told[0]


async def test_keeps_the_last_letters_only() -> None:
    async with catching(tell=lambda _: None) as catcher:
        await post(catcher, message_of(), copies=MOST_KEPT + 2)

    assert [caught.number for caught in catcher.messages] == list(range(3, MOST_KEPT + 3))


async def test_listens_on_loopback_only_and_stops_with_its_context() -> None:
    async with catching(tell=lambda _: None) as catcher:
        reader, writer = await asyncio.open_connection(catcher.host, catcher.port)
        greeting = await reader.readline()

    rest = await reader.read()
    writer.close()
    await writer.wait_closed()
    with socket.socket() as probe:
        refused = probe.connect_ex((catcher.host, catcher.port))
    assert catcher.host == "127.0.0.1"
    assert greeting.startswith(b"220 localhost")
    assert rest == b""
    assert refused != 0


async def test_shows_a_letter_that_is_no_proper_message() -> None:
    told: list[str] = []

    async with (
        catching(tell=told.append) as catcher,
        aiosmtplib.SMTP(
            hostname=catcher.host, port=catcher.port, start_tls=False, local_hostname="localhost"
        ) as client,
    ):
        await client.sendmail(
            "a@x.example", ["b@x.example"], b"Content-Type: image/png\r\n\r\n\xff"
        )

    assert len(catcher.messages) == 1
    assert "Subject: " in told[0].split("\n")
