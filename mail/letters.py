"""Letters: a matter becomes a message, always the same one, byte for byte."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, Final, Self

from mail.headers import POLICY, checked_address, clean, encoded, mailbox
from mail.matters import Matter, Task
from mail.unsubscribing import unsubscribe_token
from mail.wording import worded
from models import MailKind
from settings import Settings

# Python's own parser reads several addresses as one, or a different one, by release.
_NAMED: Final = re.compile(r"(.*)<(.+)>")


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What all letters share: who sends them, and where tasks and this server are found."""

    name: str
    address: str
    task_url: str
    server_url: str

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Read the letterhead from the settings; raise `ValueError` if the sender is none."""
        sender = settings.mail_from.strip()
        named = _NAMED.fullmatch(sender)
        name, address = named.groups() if named else ("", sender)
        if not checked_address(address).isascii():
            raise ValueError("The sender's address must be ASCII.")
        return cls(name.strip(' "'), address, settings.task_url, settings.address)

    @property
    def domain(self) -> str:
        """The domain under which letters are numbered."""
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Letter:
    """A message with its envelope."""

    sender: str
    recipient: str
    message: EmailMessage


def letter_of(matter: Matter, letterhead: Letterhead) -> Letter:
    """Return the letter about a matter; raise `ValueError` when there can be no such letter."""
    recipient = checked_address(matter.recipient.email)
    words = _words(matter, letterhead)
    language, template = matter.recipient.language, f"letters/{matter.kind.lower()}"
    subject = clean(worded(language, f"{template}.subject.txt", words))
    message = EmailMessage(POLICY)
    message["From"] = mailbox("From", letterhead.name, letterhead.address)
    message["To"] = mailbox("To", matter.recipient.name, recipient)
    message["Subject"] = encoded("Subject", subject)
    message["Date"] = format_datetime(matter.created_at)
    message["Message-ID"] = f"<mail-{matter.id}@{letterhead.domain}>"
    for name, value in _more_headers(matter, letterhead):
        message[name] = value
    message["Auto-Submitted"] = "auto-generated"
    text = worded(language, f"{template}.txt", words)
    html = worded(
        language,
        f"{template}.html",
        {**words, "subject": subject, "from_name": clean(letterhead.name)},
    )
    message.set_content(text, cte="quoted-printable")
    message.make_alternative(f"letter-{matter.id}")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    return Letter(letterhead.address, recipient, message)


def _more_headers(matter: Matter, letterhead: Letterhead) -> Iterator[tuple[str, str]]:
    """Yield what ties letters about one task together, or lets a digest be stopped in one click."""
    if matter.kind is MailKind.DAILY_DIGEST:
        yield "List-Unsubscribe", f"<{_unsubscribe_url(matter, letterhead)}>"
        yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"
    elif matter.tasks:
        thread = f"<offboarding-{matter.tasks[0].id}@{letterhead.domain}>"
        yield "In-Reply-To", thread
        yield "References", thread


def _words(matter: Matter, letterhead: Letterhead) -> Mapping[str, Any]:
    if matter.webhook_url is not None:
        return {"url": clean(matter.webhook_url)}
    tasks = [_shown(task, letterhead) for task in matter.tasks]
    if matter.kind is MailKind.DAILY_DIGEST:
        stop = _unsubscribe_url(matter, letterhead)
        return {"tasks": tasks, "total": matter.total, "day": matter.day, "unsubscribe": stop}
    return {"task": tasks[0], "assigned_by": clean(matter.assigned_by or "")}


def _shown(task: Task, letterhead: Letterhead) -> Mapping[str, Any]:
    """Return a task as the templates know it."""
    link = letterhead.task_url.replace("{id}", f"offboarding_{task.id}")
    return {
        "subject_type": task.subject_type,
        "reference": clean(task.reference),
        "due_on": task.due_on,
        "link": link,
    }


def _unsubscribe_url(matter: Matter, letterhead: Letterhead) -> str:
    return f"{letterhead.server_url}/unsubscribe/{unsubscribe_token(matter.recipient)}"
