"""A conversation with the mail server, line by line, without what a login says."""

from collections.abc import Callable
from typing import Any, Final

from aiosmtplib import SMTP, SMTPResponse
from aiosmtplib.protocol import SMTPProtocol
from typing_extensions import override

from mail.catcher import printable

# The answer after which a login says its secret.
_GO_ON: Final = 334
_HIDDEN: Final = "…"

Tell = Callable[[str], object]


class Overheard(SMTP):
    """A client whose words are told, marked C, and its server's, marked S."""

    def __init__(self, tell: Tell, **settings: Any) -> None:  # noqa: ANN401 - those of a client
        self._tell = tell
        self._secret = False
        self._protocol: SMTPProtocol | None = None
        super().__init__(**settings)

    @property  # type: ignore[explicit-override] # mypy overlooks the mark of a property that can be set
    @override
    def protocol(self) -> SMTPProtocol | None:
        """The line to the server; who gets one listens in."""
        return self._protocol

    @protocol.setter
    @override
    def protocol(self, protocol: SMTPProtocol | None) -> None:
        self._protocol = protocol
        if protocol is None:
            return
        write, read = protocol.write, protocol.read_response

        def written(data: bytes) -> None:
            self._told("C", self._spoken(data))
            write(data)

        async def answered(timeout: float | None = None) -> SMTPResponse:  # noqa: ASYNC109 - as aiosmtplib has it
            answer = await read(timeout)
            self._secret = answer.code == _GO_ON
            self._told("S", f"{answer.code} {answer.message}")
            return answer

        protocol.write, protocol.read_response = written, answered  # type: ignore[method-assign] # there is no other place to listen

    def _spoken(self, data: bytes) -> str:
        if self._secret:
            return _HIDDEN
        text = data.decode(errors="replace")
        if text.startswith("AUTH "):
            return " ".join((*text.split()[:2], _HIDDEN))
        head, end, body = text.partition("\r\n\r\n")
        return f"{head}\n{_HIDDEN} and {len(body.encode())} bytes of text and HTML" if end else text

    def _told(self, who: str, text: str) -> None:
        for line in text.splitlines():
            self._tell(f"{who}: {printable(line)}")
