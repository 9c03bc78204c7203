"""Figures: all that is counted and measured, for Prometheus; each label has few values."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any, Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)

# Names are the clients' to choose: so many are told apart, and no more.
MOST_NAMES: Final = 100
OTHER: Final = "(other)"
UNNAMED: Final = "(unnamed)"

# When a figure began to be counted is of no use to anybody.
disable_created_metrics()  # type: ignore[no-untyped-call] # the package types it not
REGISTRY: Final = CollectorRegistry()


def _counter(name: str, help: str, *labels: str, known: tuple[str, ...] = ()) -> Counter:  # noqa: A002 - the package's word
    """Return a counter; it is told from the start, at 0, for the `known` values of its label."""
    counter = Counter(f"offboarding_{name}", help, labels, registry=REGISTRY)
    for value in known:
        counter.labels(value)
    return counter


def _gauge(name: str, help: str, *labels: str, of_all: str = "livesum") -> Gauge:  # noqa: A002 - as above
    """Return a gauge; `of_all` is what becomes of it where several processes tell theirs."""
    mode: Any = of_all
    return Gauge(f"offboarding_{name}", help, labels, registry=REGISTRY, multiprocess_mode=mode)


class Durations(Histogram):
    """A histogram that takes many at once, for a tenth of what each costs by itself."""

    def observe_all(self, seconds: Sequence[float]) -> None:
        """Count durations, in seconds."""
        self._sum.inc(sum(seconds))
        places = [bisect_left(self._upper_bounds, each) for each in seconds]
        for place in set(places):
            self._buckets[place].inc(places.count(place))


OPERATION_SECONDS: Final = Durations(
    "offboarding_operation_seconds",
    "Time that queries and mutations took, over each transport.",
    ["operation"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)
OPERATION_ERRORS: Final = _counter(
    "operation_errors",
    "Operations that failed, by the code of their first error.",
    "operation",
    "code",
)
REQUEST_ERRORS: Final = _counter(
    "request_errors", "Requests that were answered with 4xx or 5xx.", "route", "status"
)
RATE_LIMITED: Final = _counter(
    "rate_limited",
    "Requests that were refused for a rate: of requests, or of failures.",
    "rate",
    known=("requests", "failures"),
)
FAULTS: Final = _counter("faults", "Faults of ours, each with its id in the log.")
POOL_CONNECTIONS: Final = _gauge(
    "pool_connections", "Connections to the database that are lent, and that could be.", "state"
)
STREAMS: Final = _gauge("streams", "Websockets and streams that are open.")
SUBSCRIBERS: Final = _gauge("subscribers", "Subscriptions and streams that follow the log.")
FEED_LAG_SECONDS: Final = _gauge(
    "feed_lag_seconds",
    "Time since a process that feeds subscribers was at the end of the log; 0 where none does.",
    of_all="livemax",
)
LOOP_DELAY_SECONDS: Final = _gauge(
    "loop_delay_seconds", "How late a process came to what was due.", of_all="livemax"
)
MEMORY_BYTES: Final = _gauge("memory_bytes", "Resident memory of the processes, together.")
PROCESSES: Final = _gauge("processes", "Processes that serve.")
LETTERS: Final = _counter(
    "letters",
    "Letters that were dealt with.",
    "outcome",
    known=("sent", "deferred", "failed", "dropped"),
)
MAIL_OUTAGES: Final = _counter("mail_outages", "Attempts at which the mail server took no letter.")
WEBHOOK_POSTS: Final = _counter(
    "webhook_posts", "Events that were posted.", "outcome", known=("delivered", "refused")
)
WEBHOOKS_DISABLED: Final = _counter("webhooks_disabled", "Webhooks that were switched off.")

# How long the operations took that ended lately, in seconds, by the name they are counted under.
_lasted: Final[dict[str, list[float]]] = {}
_counting: Final = Lock()


def observe(asked: Mapping[str, Any], seconds: float) -> None:
    """Count an operation; `asked` holds its name, and the code of its first error.

    How long it took is counted by `count_durations`, within a second.
    """
    name = asked.get("operation") or UNNAMED
    lasted = _lasted.get(name)
    if lasted is None:
        if len(_lasted) >= MOST_NAMES:
            name = OTHER
        lasted = _lasted.setdefault(name, [])
    lasted.append(seconds)
    if "code" in asked:
        OPERATION_ERRORS.labels(name, asked["code"]).inc()


def count_durations() -> None:
    """Count how long the operations took that have ended; any thread may do so."""
    with _counting:
        for name, lasted in tuple(_lasted.items()):
            # What comes meanwhile is for the next time.
            if taken := lasted[:]:
                del lasted[: len(taken)]
                OPERATION_SECONDS.labels(name).observe_all(taken)
