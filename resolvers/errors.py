"""A request that makes no sense as such, whatever the data: told as an error, not as a result."""


class BadRequestError(Exception):
    """An argument that can never be right; the message says what would be."""


class TooLongError(BadRequestError):
    """A page or a list is longer than a limit allows."""

    def __init__(self, sentence: str, limit: str, maximum: int) -> None:
        super().__init__(sentence)
        self.limit = limit
        self.maximum = maximum
