"""Places: what the paths of requests begin with, as figures and spans tell them apart."""

from functools import lru_cache
from typing import Final

# Asked for every few seconds by machines; of no interest unless something is wrong.
QUIET: Final = frozenset({"/health/live", "/health/ready", "/metrics"})
OTHER: Final = "(other)"
BAD: Final = 400
PLACES: Final = frozenset(
    {
        *("", "assets", "events", "explore.json", "export", "graphql", "health", "mail"),
        *("metrics", "schema", "schema.graphql", "sign-in", "sign-out", "tasks", "unsubscribe"),
    }
)


@lru_cache(maxsize=256)
def path_told(path: str, status: int) -> str:
    """Return what the log tells of a path: nothing that only its sender may know or has made up.

    The link that stops a digest holds a token, and what is none of our paths may hold anything.
    """
    place = route_of(path)
    is_ours = path in QUIET or (status < BAD and place not in {OTHER, "/unsubscribe"})
    return path if is_ours else place


def route_of(path: str) -> str:
    """Return the place of a path, or that it is none of ours."""
    place = path.split("/", 2)[1]
    return f"/{place}" if place in PLACES else OTHER
