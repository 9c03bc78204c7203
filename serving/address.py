"""Addresses to listen on."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


class AddressError(Exception):
    """The address to listen on cannot be had."""


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Hold an address, before anything is started for who cannot get it: `AddressError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            reason = f"The server cannot listen on {host} port {port}: {error}."
            raise AddressError(reason) from error
        yield listener
