"""Every value that the environment may change, read once and checked as a whole."""

import json
import re
import sys
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from typing_extensions import override

from settings.issuers import Issuer
from settings.limits import Limits
from settings.mail import MailSettings
from settings.observing import ObservingSettings
from settings.sources import SecretFiles, Unreadable
from settings.streams import StreamSettings

# What a browser sends as `Origin`.
ORIGIN: Final = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?")

ROOT: Final = Path(__file__).resolve().parents[1]


def _items(listed: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in listed.split(",") if item.strip())


class SettingsError(Exception):
    """One or more settings are faulty; every fault is told at once, by name."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Settings(MailSettings, ObservingSettings, StreamSettings, Limits, BaseSettings):
    """The settings of one process, from the environment and a `.env` file beside this one."""

    model_config = SettingsConfigDict(
        env_file=ROOT / ".env", env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True
    )

    database_url: SecretStr | None = Field(
        None,
        description="PostgreSQL 16 or newer, `postgresql://…`. Absent: embedded under DATA_DIR.",
    )
    data_dir: Path = Field(Path(".data"), description="Folder of the embedded PostgreSQL.")
    database_pool_size: Annotated[int, Field(ge=1, le=500)] = Field(
        10, description="Connections to PostgreSQL that one server process may hold."
    )
    host: str = Field("127.0.0.1", description="Address the server listens on.")
    port: Annotated[int, Field(ge=1, le=65535, description="Port the server listens on.")] = 8000
    public_url: str | None = Field(
        None,
        description="Address of the server as browsers see it. Absent: http://HOST:PORT.",
    )
    cors_origins: str | None = Field(
        None,
        description="Origins of front ends on other sites, comma-separated. Absent: no site may.",
    )
    oidc_issuers: Annotated[tuple[Issuer, ...] | None, NoDecode] = Field(
        None,
        description="OpenID providers, a JSON list; see `docs/operating.md`. Absent: none.",
    )
    session_hours: Annotated[int, Field(ge=1, le=720)] = Field(
        10, description="Hours after which a browser has to sign in again."
    )
    demo: bool | None = Field(
        None,
        description="Write demo organisations, print tokens. Absent: true without DATABASE_URL.",
    )

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over a secret's file, and that over `.env`."""
        return init_settings, env_settings, SecretFiles(settings_cls), dotenv_settings

    @field_validator("*", mode="before")
    @classmethod
    def _was_read(cls, value: object) -> object:
        if isinstance(value, Unreadable):
            raise ValueError(value)  # noqa: TRY004 - pydantic's way to say no
        return value

    @field_validator("database_url")
    @classmethod
    def _names_postgresql(cls, url: SecretStr | None) -> SecretStr | None:
        schemes = ("postgresql://", "postgres://")
        if url is not None and not url.get_secret_value().startswith(schemes):
            raise ValueError("must start with postgresql://")
        return url

    @field_validator("public_url")
    @classmethod
    def _is_an_origin(cls, url: str | None) -> str | None:
        if url is not None and not ORIGIN.fullmatch(url.removesuffix("/")):
            raise ValueError("must be https://host or http://host:port, in small letters")
        return url and url.removesuffix("/")

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, listed: str | None) -> str | None:
        if listed is not None and not all(map(ORIGIN.fullmatch, _items(listed))):
            raise ValueError("must be like https://app.bank.example, several with commas between")
        return listed

    @field_validator("oidc_issuers", mode="before")
    @classmethod
    def _is_a_json_list(cls, text: object) -> object:
        try:
            return json.loads(text) if isinstance(text, str) else text
        except json.JSONDecodeError as error:
            raise ValueError("must be a JSON list of objects") from error

    @property
    def address(self) -> str:
        """URL of the server, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{host}:{self.port}"

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins in CORS_ORIGINS."""
        return _items(self.cors_origins or "")

    @property
    def logs_json(self) -> bool:
        """Whether the log is JSON."""
        return not self.is_demo if self.log_json is None else self.log_json

    @property
    def logs_requests(self) -> bool:
        """Whether each request has a line in the log."""
        return self.logs_json if self.log_requests is None else self.log_requests

    @property
    def is_demo(self) -> bool:
        """Whether the demo organisations are written and their tokens printed."""
        return self.database_url is None if self.demo is None else self.demo


@lru_cache
def get_settings() -> Settings:
    """Return the settings of this process; raise `SettingsError` naming every fault."""
    try:
        return Settings()
    except ValidationError as error:
        # Each fault without the value, which may be a secret.
        faults = sorted(
            f"{fault['loc'][0]}".upper()
            + "".join(f"[{place}]" for place in fault["loc"][1:])
            + ": "
            + fault["msg"].removeprefix("Value error, ")
            for fault in error.errors(include_input=False, include_url=False)
        )
        raise SettingsError(faults) from None


def settings_or_exit() -> Settings:
    """Return the settings, or print every fault and end the process with code 2."""
    try:
        return get_settings()
    except SettingsError as error:
        for fault in error.faults:
            print(fault, file=sys.stderr)  # noqa: T201 - before anything else has started
        raise SystemExit(2) from error


# What `tortoise makemigrations` reads; the server builds its own from the settings.
TORTOISE_ORM: Final[dict[str, Any]] = {
    "connections": {"default": {"engine": "tortoise.backends.asyncpg", "credentials": {}}},
    "apps": {
        "models": {
            "models": ["models"],
            "default_connection": "default",
            "migrations": "models.migrations",
        }
    },
    "use_tz": True,
    "timezone": "UTC",
}
