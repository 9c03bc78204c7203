"""Wording: a row of the outbox becomes a letter, always the same one, byte for byte.

A letter tells of a task, never of the client: no reason, no comment, no name of a party (R13).
"""

import re
from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Final, Self

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from mail.headers import POLICY, checked_address, clean, encoded, mailbox
from models import Offboarding, OutgoingMail, SubjectType
from settings import Settings

TASK: Final = {
    SubjectType.PARTY: "Party offboarding",
    SubjectType.PRODUCT: "Product termination",
}

# Python's own parser reads several addresses as one, or a different one, by release.
_NAMED: Final = re.compile(r"(.*)<(.+)>")

TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What all letters share: who sends them, and where tasks are found."""

    name: str
    address: str
    task_url: str

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Read the letterhead from the settings; raise `ValueError` if the sender is none."""
        sender = settings.mail_from.strip()
        named = _NAMED.fullmatch(sender)
        name, address = named.groups() if named else ("", sender)
        if not checked_address(address).isascii():
            raise ValueError("The sender's address must be ASCII.")
        return cls(name.strip(' "'), address, settings.task_url)

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


def letter_of(mail: OutgoingMail, letterhead: Letterhead) -> Letter:
    """Return the letter of a row that was loaded with its offboarding, recipient and sender.

    Raises `ValueError` when there can be no such letter.
    """
    offboarding = mail.offboarding
    recipient = checked_address(mail.recipient.email)
    task, reference = TASK[offboarding.subject_type], _reference(offboarding)
    thread = f"<offboarding-{offboarding.id}@{letterhead.domain}>"
    message = EmailMessage(POLICY)
    message["From"] = mailbox("From", letterhead.name, letterhead.address)
    message["To"] = mailbox("To", mail.recipient.name, recipient)
    message["Subject"] = encoded(
        "Subject", f"A task has been assigned to you: {task} {clean(reference, 100)}"
    )
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = f"<mail-{mail.id}@{letterhead.domain}>"
    message["In-Reply-To"] = thread
    message["References"] = thread
    message["Auto-Submitted"] = "auto-generated"
    words = {
        "task": task,
        "reference": clean(reference),
        "assigned_by": clean(mail.sender.name),
        "due_on": _day(offboarding.due_on),
        "link": letterhead.task_url.replace("{id}", f"offboarding_{offboarding.id}"),
    }
    _fill(message, boundary=f"letter-{mail.id}", template="task_assigned", words=words)
    return Letter(letterhead.address, recipient, message)


def _day(day: date | None) -> str | None:
    return None if day is None else f"{day.day} {day:%B %Y}"


def _reference(offboarding: Offboarding) -> str:
    if offboarding.party is not None:
        return offboarding.party.reference
    if offboarding.product is not None:
        return offboarding.product.number
    raise ValueError("The offboarding has no subject.")


def _fill(
    message: EmailMessage, *, boundary: str, template: str, words: dict[str, str | None]
) -> None:
    """Give a message its text and the same in HTML, as equal alternatives."""
    text = TEMPLATES.get_template(f"{template}.txt").render(words)
    html = TEMPLATES.get_template(f"{template}.html").render(words)
    message.set_content(text, cte="quoted-printable")
    message.make_alternative(boundary)
    message.add_alternative(html, subtype="html", cte="quoted-printable")
