"""`/metrics`: the figures for Prometheus, of this process or of all that share a folder."""

import hmac
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from database import fetch_apart
from observing.figures import REGISTRY, count_durations
from settings import Settings

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"  # the name is the package's

# What is waiting is the same whoever tells it. No more than this is counted of a webhook.
WAITING: Final = {
    "outbox_queued": "Letters that have not left, put off or not.",
    "outbox_due": "Letters that could leave now.",
    "outbox_oldest_seconds": "Age of the oldest letter that could leave now.",
    "webhook_queue_entries": "Entries that webhooks have not accepted, of each 10000 at most.",
    "webhook_queue_oldest_seconds": "Age of the oldest entry that a webhook has not accepted.",
}
_WAITING: Final = """
select json_build_object(
  'outbox_queued', m.queued, 'outbox_due', m.due,
  'outbox_oldest_seconds', coalesce(extract(epoch from now() - m.oldest), 0),
  'webhook_queue_entries', coalesce(w.entries, 0),
  'webhook_queue_oldest_seconds', coalesce(extract(epoch from now() - w.oldest), 0))::text
from (
  select count(*) as queued, count(*) filter (where due_at <= now()) as due,
    min(created_at) filter (where due_at <= now()) as oldest
  from outgoing_mail where status = 'QUEUED'
) m cross join (
  select sum(behind.entries) as entries, min(behind.oldest) as oldest
  from webhook cross join lateral (
    select count(*) as entries, min(occurred_at) as oldest from (
      select occurred_at from activity
      where organisation_id = webhook.organisation_id and id > webhook.place
      order by id limit 10000) a
  ) behind where webhook.enabled
) w
"""


def _forget_ended(folder: str) -> None:
    """Leave out what processes that have ended said of their state."""
    for path in Path(folder).glob("gauge_live*.db"):
        number = re.search(r"_(\d+)\.db$", path.name)
        if number is not None:
            try:
                os.kill(int(number[1]), 0)
            except ProcessLookupError:
                with suppress(FileNotFoundError):
                    mark_process_dead(int(number[1]), folder)  # type: ignore[no-untyped-call] # the package types it not


def _of_processes() -> CollectorRegistry:
    count_durations()
    folder = os.environ.get(FOLDER)
    if folder is None:
        return REGISTRY
    _forget_ended(folder)
    shared = CollectorRegistry()
    MultiProcessCollector(shared, folder)  # type: ignore[no-untyped-call] # as above
    return shared


async def _of_database(url: str) -> CollectorRegistry:
    """Return what waits in the database; while that is away, only that it is."""
    registry = CollectorRegistry()
    up = Gauge("offboarding_database_up", "Whether the database answers.", registry=registry)
    found: dict[str, Any] = {}
    # Whatever it is, the other figures are wanted all the more.
    with suppress(Exception):
        found = orjson.loads(await fetch_apart(url, _WAITING) or "{}")
    up.set(bool(found))
    for name, value in found.items():
        Gauge(f"offboarding_{name}", WAITING[name], registry=registry).set(value)
    return registry


def metrics_route(settings: Settings, url: str) -> Route:
    """Return the route of the figures, behind METRICS_TOKEN where it is set."""
    token = settings.metrics_token
    expected = None if token is None else f"Bearer {token.get_secret_value()}".encode()

    async def metrics(request: Request) -> Response:
        shown = request.headers.get("authorization", "").encode()
        if expected is not None and not hmac.compare_digest(shown, expected):
            return Response(status_code=401, headers={"www-authenticate": "Bearer"})
        figures = generate_latest(_of_processes()) + generate_latest(await _of_database(url))
        return Response(figures, headers={"content-type": CONTENT_TYPE_LATEST})

    return Route("/metrics", metrics)


def metrics_routes(settings: Settings, url: str) -> list[Route]:
    """Return the route beside all others: where there is a token for it, and no port of its own."""
    if settings.metrics_token is None or settings.metrics_port is not None:
        return []
    return [metrics_route(settings, url)]
