"""By which server letters leave, and what stands in them."""

import re
from enum import StrEnum
from typing import Annotated, Final

from pydantic import BaseModel, Field, SecretStr, ValidationInfo, field_validator

# An address, alone or in angle brackets after a name.
SENDER: Final = re.compile(r"([^<>]*<)?[^\s<>@,;]+@[^\s<>@,;]+(?(1)>|)")


class SmtpTls(StrEnum):
    """How a connection to the mail server is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


class MailSettings(BaseModel):
    """How letters leave, and what stands in them."""

    smtp_host: str | None = Field(
        None, description="Mail server. Absent: a catch-all server beside the demo, else no mail."
    )
    smtp_port: Annotated[int, Field(ge=1, le=65535, description="Port of the mail server.")] = 25
    smtp_tls: SmtpTls = Field(SmtpTls.NONE, description="`none`, `starttls` or `implicit`.")
    smtp_username: str | None = Field(None, description="Login at the mail server.")
    smtp_password: SecretStr | None = Field(
        None, description="Password of that login.", validate_default=True
    )
    mail_from: str = Field(
        "Offboarding <offboarding@localhost>", description="Sender of every letter."
    )
    task_url: str = Field(
        "http://127.0.0.1:8000/tasks/{id}",
        description="Link in a letter; `{id}` becomes the id of the offboarding.",
    )
    digest_hour: Annotated[int, Field(ge=0, le=23)] = Field(
        6, description="Hour of the day, in UTC, from which daily digests leave."
    )
    run_worker: bool = Field(
        default=True,
        description="Send letters in the server's processes. False: `cli.py worker` does it.",
    )

    @field_validator("task_url")
    @classmethod
    def _holds_the_id(cls, pattern: str) -> str:
        if "{id}" not in pattern or not pattern.startswith(("https://", "http://")):
            raise ValueError("must be an http(s) address that holds {id}")
        return pattern

    @field_validator("mail_from")
    @classmethod
    def _is_one_address(cls, sender: str) -> str:
        if not SENDER.fullmatch(sender) or not sender.isprintable():
            raise ValueError("must be one address, such as Offboarding <offboarding@example.com>")
        return sender

    @field_validator("smtp_password")
    @classmethod
    def _login_is_whole(cls, password: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if (password is None) != (info.data["smtp_username"] is None):
            raise ValueError("SMTP_USERNAME and SMTP_PASSWORD go together")
        return password
