"""Where settings come from beside the environment: files that hold secrets."""

from pathlib import Path
from typing import Any

from pydantic_settings import EnvSettingsSource
from typing_extensions import override


class SecretFiles(EnvSettingsSource):
    """Reads `<NAME>_FILE`: the path of a file whose content is the value of `<NAME>`."""

    @override
    def __call__(self) -> dict[str, Any]:
        """Return the value of each setting that is given as a file."""
        values: dict[str, Any] = {}
        for name in self.settings_cls.model_fields:
            if path := self.env_vars.get(f"{name}_file"):
                values[name] = _content(Path(path))
        return values


class Unreadable(str):
    """Says why a file could not be read, in place of its content: told with all other faults."""

    __slots__ = ()


def _content(path: Path) -> str | Unreadable:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        return Unreadable(f"its file {path} cannot be read ({error.strerror})")
    except UnicodeDecodeError:
        return Unreadable(f"its file {path} is not UTF-8")
