"""Letters: from a row of the outbox to the mail server, and a server to read them in the demo."""

from mail.catcher import Catcher, Caught, catching, catching_beside
from mail.letters import Letterhead
from mail.sender import send_due, send_forever
from mail.smtp import ServerDownError, SmtpServer

__all__ = [
    "Catcher",
    "Caught",
    "Letterhead",
    "ServerDownError",
    "SmtpServer",
    "catching",
    "catching_beside",
    "send_due",
    "send_forever",
]
