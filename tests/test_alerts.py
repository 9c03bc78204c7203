"""The alerts and the dashboard ask for what there is, and tell what they are for."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from itertools import chain
from typing import Final

import pytest
from prometheus_client.metrics import MetricWrapperBase

from observing import figures
from observing.tracing import OURS
from routes.metrics import WAITING
from settings import ROOT

FOLDER: Final = ROOT / "docs" / "operating"
ALERTS: Final = (FOLDER / "alerts.yml").read_text(encoding="utf-8")
CASES: Final = ROOT / "tests" / "alerts.yml"
PROMTOOL: Final = shutil.which("promtool")
# What Prometheus says of each target, beside all that is told.
TARGETS: Final = frozenset({"instance", "job"})


def rules() -> dict[str, str]:
    """Return the expression of each alert, by its name."""
    written = re.findall(
        r"- alert: (\w+)\n +expr: (?:>-)?(.*?)\n +(?:for|labels):", ALERTS, re.DOTALL
    )
    assert len(written) == ALERTS.count("- alert:")
    return {name: " ".join(asked.split(" #")[0].split()) for name, asked in written}


def panels() -> Iterator[tuple[str, str]]:
    """Yield each expression of the dashboard, with its legend."""
    dashboard = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))
    for target in chain.from_iterable(panel["targets"] for panel in dashboard["panels"]):
        yield target["expr"], target["legendFormat"]


EXPRESSIONS: Final = [*rules().values(), *(asked for asked, _ in panels())]


def told() -> dict[str, tuple[str, frozenset[str]]]:
    """Return what is told: of each name whether it counts or measures, and its labels."""
    found = {"up": ("gauge", TARGETS)}
    for name in (*WAITING, "database_up"):
        found[f"offboarding_{name}"] = ("gauge", TARGETS)
    for figure in vars(figures).values():
        if not isinstance(figure, MetricWrapperBase):
            continue
        labels = TARGETS.union(figure._labelnames)  # noqa: SLF001 - nothing else tells them before there is a value
        name, kind = figure._name, str(figure._type)  # noqa: SLF001 - likewise
        if kind == "histogram":
            found[f"{name}_bucket"] = ("counter", labels | {"le"})
            found[f"{name}_count"] = found[f"{name}_sum"] = ("counter", labels)
        else:
            found[f"{name}_total" if kind == "counter" else name] = (kind, labels)
    return found


TOLD: Final = told()
SELECTOR: Final = re.compile(r"\b(up|offboarding_\w+)(?:\{(.*?)\})?(\[)?")


def test_ask_for_figures_that_there_are_and_for_all_of_them() -> None:
    names = {name for asked in EXPRESSIONS for name, _, _ in SELECTOR.findall(asked)}

    assert names - TOLD.keys() == set()
    # What nobody looks at need not be told, but for what explains what is looked at.
    assert TOLD.keys() - names == {"offboarding_operation_seconds_sum"}


@pytest.mark.parametrize("asked", EXPRESSIONS)
def test_ask_by_labels_that_the_figures_have(asked: str) -> None:
    grouped = set(re.findall(r"\w+", " ".join(re.findall(r"by \((.*?)\)", asked))))

    for name, chosen, _ in SELECTOR.findall(asked):
        kind, labels = TOLD[name]
        assert grouped <= labels
        assert set(re.findall(r"(\w+)=", chosen)) <= labels
        # What only grows is looked at by how fast, what is measured as it is.
        assert (f"rate({name}" in asked or f"increase({name}" in asked) is (kind == "counter")


def test_choose_by_values_that_are_told() -> None:
    chosen = " ".join(chosen for asked in EXPRESSIONS for _, chosen, _ in SELECTOR.findall(asked))
    values = {
        (label, value)
        for label, either in re.findall(r'(\w+)=~?"(.*?)"', chosen)
        for value in either.split("|")
    }

    job = re.findall(r"job_name: (\w+)", (FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    outcomes = {
        sample.labels["outcome"] for sample in next(iter(figures.LETTERS.collect())).samples
    }
    known = {"code": OURS, "job": job, "outcome": outcomes, "state": {"idle", "busy"}}
    assert {(label, value) for label, value in values if value not in known[label]} == set()


def test_name_only_what_is_left_of_the_labels() -> None:
    summaries = re.findall(r'summary: "(.*)"', ALERTS)
    for asked, named in chain(panels(), zip(rules().values(), summaries, strict=True)):
        grouped = re.findall(r"by \((.*?)\)", asked)
        left = set(re.findall(r"\w+", " ".join(grouped))) - {"le"}
        if asked.startswith("up"):
            left |= TARGETS
        assert set(re.findall(r"\{\{ *(?:\$labels\.)?(\w+) *\}\}", named)) <= left


def test_each_alert_has_a_case_in_which_it_tells() -> None:
    cases = CASES.read_text(encoding="utf-8")

    assert {name for name in rules() if name not in cases} == set()


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")
def test_tell_what_is_wrong_and_nothing_that_is_soon_over() -> None:
    tried = subprocess.run(  # noqa: S603 - the program of Prometheus, on our own files
        [str(PROMTOOL), "test", "rules", CASES], capture_output=True, text=True, check=False
    )

    assert tried.returncode == 0, tried.stdout + tried.stderr
