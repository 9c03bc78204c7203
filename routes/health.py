"""Health: whether the process lives, and whether it can answer."""

import asyncio
import logging

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from database import missing_migrations

logger = logging.getLogger(__name__)


async def live(_request: Request) -> Response:
    """Say that the process lives; the database has no part in it."""
    return Response(orjson.dumps({"status": "live"}), media_type="application/json")


async def ready(_request: Request) -> Response:
    """Say whether requests can be answered: the database is reachable and at head."""
    try:
        async with asyncio.timeout(3):
            missing = await missing_migrations()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is why we are not ready
        logger.warning("not ready: %s", error)
        reason = "the database cannot be reached or used"
    else:
        reason = f"migrations are missing: {', '.join(missing)}" if missing else ""
    answer = {"status": "not ready", "reason": reason} if reason else {"status": "ready"}
    body = orjson.dumps(answer)
    return Response(body, 503 if reason else 200, media_type="application/json")


def health_routes() -> list[BaseRoute]:
    """Return the routes that supervisors and load balancers ask."""
    return [Route("/health/live", live), Route("/health/ready", ready)]
