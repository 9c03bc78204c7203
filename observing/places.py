"""Places: what the paths of requests begin with, as figures and spans tell them apart."""

from typing import Final

# Asked for every few seconds by machines; of no interest unless something is wrong.
QUIET: Final = frozenset({"/health/live", "/health/ready", "/metrics"})
OTHER: Final = "(other)"
PLACES: Final = frozenset(
    {
        *("", "assets", "events", "explore.json", "export", "graphql", "health", "mail"),
        *("metrics", "schema", "schema.graphql", "sign-in", "sign-out", "tasks", "unsubscribe"),
    }
)


def route_of(path: str) -> str:
    """Return the place of a path, or that it is none of ours."""
    place = path.split("/", 2)[1]
    return f"/{place}" if place in PLACES else OTHER
