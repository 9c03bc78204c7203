"""Figures: durations that are counted many at once."""

from prometheus_client import CollectorRegistry, Histogram

from observing.figures import Durations

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
