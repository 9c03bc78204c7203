"""What stands in the database: all of it, the letters, the log."""

from typing import Any, Final

from tortoise.connection import get_connection

from models import Activity, OutgoingMail

TABLES: Final = (
    "offboarding",
    "activity",
    "outgoing_mail",
    "party",
    "product",
    "holding",
    "app_user",
    "user_group",
    "api_token",
    "browser_session",
    "webhook",
    "webhook_delivery",
)


async def rows(sql: str, *values: Any) -> list[dict[str, Any]]:
    _, found = await get_connection("default").execute_query(sql, list(values))
    return [dict(row) for row in found]


async def everything() -> dict[str, list[str]]:
    """Return each row that a mutation can write, with the transaction that wrote it last."""
    return {
        table: [
            str(row) for row in await rows(f"select t.xmin, t::text from {table} t order by t.id")
        ]
        for table in TABLES
    }


async def letters() -> list[dict[str, Any]]:
    """Return who is mailed by whom about what, in the order of the changes."""
    found = OutgoingMail.all().order_by("created_at", "id")
    return await found.values("offboarding_id", "recipient_id", "sender_id", "kind", "status")


async def kinds(**which: Any) -> list[str]:
    """Return what the log says has happened, oldest first."""
    return [str(entry.kind) for entry in await Activity.filter(**which).order_by("id")]
