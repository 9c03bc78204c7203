"""Letters to look at: each kind in each language, about tasks that are made up."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Final
from uuid import UUID

from mail.letters import Letter, Letterhead, letter_of
from mail.matters import Matter, Task
from mail.wording import code_of
from models import Language, MailKind, SubjectType, User

# The same in each preview, so that two of them can be compared.
_AT: Final = datetime(2026, 3, 4, 10, 30, tzinfo=UTC)
_TODAY: Final = _AT.date()
_TASKS: Final = (
    Task(UUID(int=1), SubjectType.PARTY, "C-10417", _TODAY - timedelta(days=2)),
    Task(UUID(int=2), SubjectType.PRODUCT, "NL00BANK0123456789", _TODAY),
    Task(UUID(int=3), SubjectType.PARTY, "C-10233", None),
)


def sample(kind: MailKind, language: Language, email: str = "anna@example.com") -> Matter:
    """Return a matter of a kind for an invented person."""
    recipient = User(
        id=UUID(int=4), mail_key=UUID(int=5), name="Anna de Vries", email=email, language=language
    )
    matter = Matter(UUID(int=6), kind, _AT, recipient, _TASKS[1:2], day=_TODAY)
    match kind:
        case MailKind.TASK_ASSIGNED:
            return replace(matter, tasks=_TASKS[:1], assigned_by="Bo Jansen", day=None)
        case MailKind.TASK_DUE:
            return matter
        case MailKind.DAILY_DIGEST:
            return replace(matter, tasks=_TASKS, total=len(_TASKS) + 9)
        case MailKind.WEBHOOK_DISABLED:
            url = "https://integration.example/offboarding"
            return replace(matter, tasks=(), total=0, day=None, webhook_url=url)


def samples(letterhead: Letterhead) -> Iterator[tuple[str, Letter]]:
    """Yield each letter in each language, with a name to file it under."""
    for kind in MailKind:
        for language in Language:
            yield (
                f"{kind.lower()}.{code_of(language)}",
                letter_of(sample(kind, language), letterhead),
            )


def body_of(message: EmailMessage, kind: str) -> str:
    """Return the text of a letter, `plain` or `html`."""
    part = message.get_body((kind,))
    return "" if part is None else str(part.get_content()).replace("\r\n", "\n")


def write_samples(folder: Path, letterhead: Letterhead) -> list[Path]:
    """Write each letter as HTML, as text and as it goes over the line; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, letter in samples(letterhead):
        for suffix, content in (
            ("html", body_of(letter.message, "html").encode()),
            ("txt", body_of(letter.message, "plain").encode()),
            ("eml", letter.message.as_bytes()),
        ):
            files.append(folder / f"{name}.{suffix}")
            files[-1].write_bytes(content)
    return files
