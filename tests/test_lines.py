"""The lines of requests in the log, where standard error takes none."""

import io
from typing import NoReturn

import pytest
from typing_extensions import override

from observing import requests


class Full(io.BytesIO):
    """A file on a disk that is full."""

    @override
    def write(self, _data: object) -> NoReturn:
        raise OSError(28, "No space left on device")


def test_lets_later_lines_be_written_where_some_could_not_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line = requests.Line(0.0, "an-id", "GET", "/", 200, 0.1, {}, {})
    monkeypatch.setattr(requests, "_waiting", [line])
    monkeypatch.setattr("sys.stderr", io.TextIOWrapper(Full()))

    with pytest.raises(OSError, match="No space left"):
        requests.flush()

    assert requests._waiting == []  # noqa: SLF001 - nothing waits for ever
