"""Changes as they happen: who follows the log is told of each commit, of whichever process."""

from events.channel import Channel, Step, StoppedError
from events.feed import Feed, feed, feeding, newest_place
from events.shared import Shared
from events.telling import tell

__all__ = [
    "Channel",
    "Feed",
    "Shared",
    "Step",
    "StoppedError",
    "feed",
    "feeding",
    "newest_place",
    "tell",
]
