"""Webhooks: entries of the log are posted to the addresses of others, signed, in order."""

from webhooks.posting import Poster, posting
from webhooks.sender import deliver_due, deliver_forever

__all__ = ["Poster", "deliver_due", "deliver_forever", "posting"]
