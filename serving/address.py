"""The address that the server listens on."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from settings import Settings


class AddressError(Exception):
    """The address to listen on cannot be had."""


@contextmanager
def listening(settings: Settings) -> Iterator[socket.socket]:
    """Hold the address, before anything is started for who cannot get it."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except OSError as error:
            reason = f"The server cannot listen on {settings.host} port {settings.port}: {error}."
            raise AddressError(reason) from error
        yield listener
