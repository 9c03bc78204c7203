"""Figures: durations that are counted many at once, and a look at what no request changes."""

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Histogram

from database import connected
from observing import figures
from observing.figures import Durations
from serving import watching
from tests.served import until

BUCKETS = (0.1, 1.0)
SECONDS = (0.0, 0.1, 0.100001, 1.0, 1.5, 99.0, 0.05)


def test_counts_many_durations_as_if_they_came_one_by_one() -> None:
    together, apart = CollectorRegistry(), CollectorRegistry()
    durations = Durations("taken", "Time.", ["name"], buckets=BUCKETS, registry=together)
    histogram = Histogram("taken", "Time.", ["name"], buckets=BUCKETS, registry=apart)

    durations.labels("A").observe_all(SECONDS)
    durations.labels("A").observe_all(SECONDS[:2])
    for seconds in (*SECONDS, *SECONDS[:2]):
        histogram.labels("A").observe(seconds)

    (counted,), (expected,) = together.collect(), apart.collect()
    assert counted.samples == expected.samples
    assert [sample.value for sample in counted.samples][:4] == [5, 7, 9, 9]


def counted(name: str) -> float | None:
    """Return how often an operation of a name was counted."""
    sample = "offboarding_operation_seconds_count"
    return figures.REGISTRY.get_sample_value(sample, {"operation": name})


async def test_goes_on_looking_where_one_look_fails(
    shared_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    statm = tmp_path / "statm"
    statm.write_text("not a number")
    monkeypatch.setattr(watching, "_STATM", statm)
    monkeypatch.setattr(watching, "WATCH_SECONDS", 0.01)

    async with connected(shared_database_url, 1), watching.watching():
        figures.observe({"operation": "Looked"}, 0.1)
        await until(lambda: counted("Looked") == 1)
        figures.observe({"operation": "Looked"}, 0.1)
        await until(lambda: counted("Looked") == 2)
        figures.observe({"operation": "Looked"}, 0.1)

    assert counted("Looked") == 3
