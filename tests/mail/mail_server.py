"""A real mail server for tests, which answers as a test wishes and keeps what it took."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from aiosmtpd.smtp import SMTP, AuthResult

from mail import SmtpServer
from settings.mail import SmtpTls

# A certificate for localhost and 127.0.0.1 that signed itself, and its key.
CERTIFICATE: Final = Path(__file__).parent / "localhost.pem"
USERNAME: Final = "sender"
PASSWORD: Final = "correct horse"  # noqa: S105 - of the server below
WRONG_PASSWORD: Final = "wrong horse"  # noqa: S105 - not even that

CUT: Final = "cut"  # an answer: none, the line is cut

Answers = Callable[[str, str], Awaitable[str | None]]


async def accept(_command: str, _argument: str) -> str | None:
    return None


def refusing(command: str, answer: str, *recipients: str) -> Answers:
    """Answer a command so, for some recipients or for all; accept everything else."""

    async def answers(said: str, to: str) -> str | None:
        wanted = said == command and (not recipients or to in recipients)
        return answer if wanted else None

    return answers


@dataclass
class Taken:
    """A letter that the server took."""

    sender: str
    recipients: list[str]
    content: bytes
    encrypted: bool


@dataclass
class MailServer:
    """What happened at the server; `answers` may be changed while it runs."""

    answers: Answers = accept
    smtp: SmtpServer = field(default_factory=lambda: SmtpServer("127.0.0.1", 1))
    connections: int = 0
    commands: list[str] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_EHLO(  # noqa: N802 - aiosmtpd calls it by this name
        self, _server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        self.commands.append("EHLO")
        session.host_name = hostname
        return responses

    async def handle_MAIL(  # noqa: N802 - as above
        self, server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        envelope.mail_from = address
        return await self._answer(server, "MAIL", address)

    async def handle_RCPT(  # noqa: N802 - as above
        self, server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        answer = await self._answer(server, "RCPT", address)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_QUIT(self, _server: Any, _session: Any, _envelope: Any) -> str:  # noqa: N802 - as above
        self.commands.append("QUIT")
        self.left.set()
        return "221 Bye"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - as above
        taken = Taken(
            envelope.mail_from,
            list(envelope.rcpt_tos),
            envelope.original_content,
            session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None,
        )
        answer = await self._answer(server, "DATA", envelope.rcpt_tos[0], taken)
        if answer.startswith("250"):
            self.taken.append(taken)
        return answer

    async def _answer(
        self, server: Any, command: str, argument: str, taken: Taken | None = None
    ) -> str:
        self.commands.append(command)
        answer = await self.answers(command, argument)
        if answer != CUT:
            return answer or "250 OK"
        if taken:
            self.taken.append(taken)
        server.transport.abort()
        # What is said on a cut line reaches nobody.
        return "451 Cut"


def _authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> Any:
    right = (data.login, data.password) == (USERNAME.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)


@asynccontextmanager
async def mail_server(
    answers: Answers = accept,
    *,
    port: int = 0,
    tls: SmtpTls = SmtpTls.NONE,
    login: bool = False,
    smtputf8: bool = True,
) -> AsyncIterator[MailServer]:
    """Run a mail server on loopback."""
    happened = MailServer(answers)
    loop = asyncio.get_running_loop()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    protocols: list[Any] = []

    def connection() -> Any:
        happened.connections += 1
        protocol = SMTP(
            happened,
            hostname="localhost",
            enable_SMTPUTF8=smtputf8,
            tls_context=context if tls is SmtpTls.STARTTLS else None,
            auth_required=login,
            authenticator=_authenticate,
            loop=loop,
        )
        protocols.append(protocol)
        return protocol

    implicit = context if tls is SmtpTls.IMPLICIT else None
    server = await loop.create_server(connection, "127.0.0.1", port, ssl=implicit)
    port = server.sockets[0].getsockname()[1]
    username, password = (USERNAME, PASSWORD) if login else (None, None)
    happened.smtp = SmtpServer("127.0.0.1", port, tls, username, password)
    try:
        yield happened
    finally:
        server.close()
        for protocol in protocols:
            if protocol.transport is not None:
                protocol.transport.abort()
        await server.wait_closed()
