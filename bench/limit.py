"""The floor to measure against: JSON made by the database, shipped by a bare handler.

No GraphQL, no credentials, no tenants: what no server over the same database can beat by much.
"""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any, Final

import asyncpg
import orjson

_ASSIGNEE: Final = """(select json_build_object('id', u.id, 'name', u.name, 'email', u.email)
  from app_user u where u.id = o.assignee_id)"""
_OFFBOARDING: Final = f"""json_build_object('id', o.id, 'status', o.status,
  'resolution', o.resolution, 'version', o.version, 'startedAt', o.started_at,
  'updatedAt', o.updated_at, 'assignee', {_ASSIGNEE})"""
_PARTY: Final = f"""json_build_object('id', p.id, 'type', p.type, 'name', p.name,
  'reference', p.reference, 'email', p.email, 'onboardedOn', p.onboarded_on,
  'products', (select coalesce(json_agg(json_build_object('id', q.id, 'name', q.name,
      'number', q.number, 'openedOn', q.opened_on)), '[]')
    from holding h join product q on q.id = h.product_id where h.party_id = p.id),
  'offboarding', (select {_OFFBOARDING} from offboarding o
    where o.party_id = p.id and o.status <> 'DONE'))"""
_PAGE: Final = f"""select json_build_object('data', json_build_object('parties',
  coalesce(json_agg({_PARTY}), '[]')))::text
from (select * from party where listed order by organisation_id, sort_name, id limit $1) p"""
_ONE: Final = f"""select json_build_object('data', json_build_object('party', {_PARTY}))::text
from party p where p.id = $1::text::uuid"""

_pool: asyncpg.Pool | None = None

Message = MutableMapping[str, Any]


async def _keep(_connection: object) -> None:
    """Leave a connection as it is."""


async def _live(receive: Callable[[], Awaitable[Message]], send: Any) -> None:  # noqa: ANN401 - ASGI
    global _pool  # noqa: PLW0603 - one pool for the process
    await receive()
    url = os.environ["DATABASE_URL"]
    _pool = await asyncpg.create_pool(
        url, min_size=1, max_size=10, reset=_keep, server_settings={"jit": "off"}
    )
    await send({"type": "lifespan.startup.complete"})
    await receive()
    with suppress(Exception):
        await _pool.close()
    await send({"type": "lifespan.shutdown.complete"})


async def app(scope: Message, receive: Callable[[], Awaitable[Message]], send: Any) -> None:  # noqa: ANN401 - ASGI
    """Answer one request."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    variables = orjson.loads(body)["variables"]
    sql, value = (_PAGE, variables["n"]) if "n" in variables else (_ONE, variables["id"][6:])
    assert _pool is not None  # noqa: S101 - the lifespan made it
    async with _pool.acquire() as connection:
        answer = (await connection.fetchval(sql, value)).encode()
    length = str(len(answer)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", length)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})
