"""The one refusal of this place: nobody is let in."""


class UnauthenticatedError(Exception):
    """No credential, or one that is not (or no longer) good; of why, only the code is told."""

    def __init__(self, code: str = "UNAUTHENTICATED") -> None:
        super().__init__(code)
        self.code = code
