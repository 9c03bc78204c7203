"""The conversation with the mail server, and what its answers mean for a letter.

A letter is either accepted, refused for good, refused for now, or never got a word: then the
server is down, as it is when it cannot be reached, is not who it should be, or lets us not in.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, Self

from aiosmtplib import SMTP, SMTPAuthenticationError, SMTPException, SMTPResponseException

from mail.headers import clean
from mail.letters import Letter
from settings import Settings
from settings.mail import SmtpTls

GOODBYE_SECONDS: Final = 2.0
LONGEST_REASON: Final = 500

# Answers that are about the server or our standing with it, whatever letter they came to:
# closing down; TLS or a login is missing, too weak or not accepted.
_OF_THE_SERVER: Final = frozenset({421, 454, 530, 534, 535, 538})
_FOR_NOW: Final = range(400, 500)
_FOR_GOOD: Final = range(500, 600)


class RefusedError(Exception):
    """The server will never take this letter."""


class DeferredError(Exception):
    """The server does not take this letter now."""


class ServerDownError(Exception):
    """The server takes no letter at all at present."""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """A mail server and how to speak to it; TLS is never left to what the server offers.

    `answer_seconds` is how long an answer may take, `letter_seconds` how long a whole letter may:
    less, with the tick, than a lease. A server may take its time with what it was handed; who gave
    up on it would send the letter twice.
    """

    host: str
    port: int
    tls: SmtpTls = SmtpTls.NONE
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    answer_seconds: float = 60.0
    letter_seconds: float = 300.0

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """Return the server that the settings name, if they name one."""
        if settings.smtp_host is None:
            return None
        secret = settings.smtp_password
        return cls(
            host=settings.smtp_host,
            port=settings.smtp_port,
            tls=settings.smtp_tls,
            username=settings.smtp_username,
            password=None if secret is None else secret.get_secret_value(),
        )


class Connection:
    """A connection over which letters are handed over, one after the other."""

    def __init__(self, client: SMTP, letter_seconds: float) -> None:
        self._client = client
        self._letter_seconds = letter_seconds

    @property
    def is_open(self) -> bool:
        """Whether another letter may be handed over."""
        return self._client.is_connected

    async def hand_over(self, letter: Letter) -> None:
        """Return once the server has accepted a letter; raise what it said otherwise."""
        try:
            async with asyncio.timeout(self._letter_seconds):
                await self._speak(letter)
        except SMTPResponseException as error:
            await self._start_over()
            raise _meaning(error) from error
        except (SMTPException, OSError) as error:
            self._client.close()
            raise ServerDownError(_reason(error)) from error
        except ValueError as error:
            await self._start_over()
            raise RefusedError(_reason(error)) from error

    async def _speak(self, letter: Letter) -> None:
        options, encoding = [], "ascii"
        if not letter.recipient.isascii():
            if not self._client.supports_extension("smtputf8"):
                raise RefusedError("The mail server takes no address outside ASCII.")
            options, encoding = ["SMTPUTF8"], "utf-8"
        await self._client.mail(letter.sender, options=options, encoding=encoding)
        await self._client.rcpt(letter.recipient, encoding=encoding)
        await self._client.data(letter.message.as_bytes(), timeout=self._letter_seconds)

    async def _start_over(self) -> None:
        """Make the server forget a letter that it refused, so that the next one may follow."""
        try:
            await self._client.rset(timeout=GOODBYE_SECONDS)
        except (SMTPException, OSError):
            self._client.close()

    async def close(self) -> None:
        """Take leave, politely if the server still listens."""
        with suppress(SMTPException, OSError):
            await self._client.quit(timeout=GOODBYE_SECONDS)
        self._client.close()


@asynccontextmanager
async def connected_to(
    server: SmtpServer, *, our_name: str, client: Callable[..., SMTP] = SMTP
) -> AsyncIterator[Connection]:
    """Connect, protect and log in as configured, or raise `ServerDownError`."""
    smtp = client(
        hostname=server.host,
        port=server.port,
        use_tls=server.tls is SmtpTls.IMPLICIT,
        start_tls=server.tls is SmtpTls.STARTTLS,
        username=server.username,
        password=server.password,
        local_hostname=our_name,
        timeout=server.answer_seconds,
    )
    try:
        await smtp.connect()
        if smtp.is_ehlo_or_helo_needed:
            await smtp.ehlo()
    except (SMTPException, OSError, ValueError) as error:
        smtp.close()
        raise ServerDownError(_reason(error)) from error
    connection = Connection(smtp, server.letter_seconds)
    try:
        yield connection
    finally:
        await connection.close()


def _meaning(error: SMTPResponseException) -> Exception:
    if error.code not in _OF_THE_SERVER:
        if error.code in _FOR_GOOD:
            return RefusedError(_reason(error))
        if error.code in _FOR_NOW:
            return DeferredError(_reason(error))
    return ServerDownError(_reason(error))


def _reason(error: Exception) -> str:
    """Say in one short line what went wrong, without anything a login may hold."""
    if isinstance(error, SMTPAuthenticationError):
        return f"{error.code} The mail server refuses the login."
    if isinstance(error, SMTPResponseException):
        return clean(f"{error.code} {error.message}", LONGEST_REASON)
    return clean(str(error) or type(error).__name__, LONGEST_REASON)
