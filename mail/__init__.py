"""Letters: from a row of the outbox to the mail server, and a server to read them in the demo."""

from mail.catcher import Catcher, Caught, catching, catching_beside
from mail.daily import queue_forever
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
    "queue_forever",
    "send_due",
    "send_forever",
]
