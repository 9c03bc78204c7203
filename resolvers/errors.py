"""A request that makes no sense as such, whatever the data: told as an error, not as a result."""


class BadRequestError(Exception):
    """An argument that can never be right; the message says what would be."""
