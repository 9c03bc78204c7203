"""What the schema says, in plain Python: each field by itself, over all rows, in memory.

Nothing of the read compiler is used here. Slow, and meant to be obviously right.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from inspect import isawaitable
from typing import Any, Final

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    build_schema,
    execute,
    get_named_type,
    parse,
    validate,
)

from models import ClientAccess, Permission, Viewer
from models.activity import ACCESS_KINDS
from models.user_group import DEFAULT_GROUPS
from schema import schema as served
from schema import sdl
from tests.compiled.mistakes import ID_KEYS, BadRequestError, check, check_request, key_of
from tests.compiled.places import Page, cursor_of, day_text, finds, moment_text, page_of, sort_key
from tests.compiled.rows import Row, Rows

OWNER_ROLES: Final = ("OWNER", "JOINT_OWNER")
AGES: Final = ((0, 7), (8, 30), (31, 90), (91, None))


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def make_schema() -> GraphQLSchema:
    """Build the schema from its text; only how scalars are read is taken from the served one."""
    schema = build_schema(sdl())
    for name, write in (("DateTime", moment_text), ("Date", day_text), ("Cursor", str)):
        scalar: Any = schema.type_map[name]
        reads: Any = served._schema.type_map[name]  # noqa: SLF001 - as the schema prints it
        scalar.coerce_output_value = scalar.serialize = write
        scalar.coerce_input_value = scalar.parse_value = reads.parse_value
    return schema


@lru_cache(maxsize=4)
def read(schema: GraphQLSchema, text: str) -> tuple[DocumentNode, list[GraphQLError]]:
    document = parse(text)
    return document, validate(schema, document)


class ForbiddenError(Exception):
    """The viewer lacks a permission."""


class Naive:
    """Answers requests of one viewer; a method answers the field of its name."""

    def __init__(self, schema: GraphQLSchema, rows: Rows, viewer: Viewer) -> None:
        self.schema = schema
        self.rows = rows
        self.me = viewer

    async def answer(self, text: str, variables: Mapping[str, Any]) -> ExecutionResult:
        document, mistakes = read(self.schema, text)
        if mistakes:
            return ExecutionResult(None, mistakes)
        try:
            check_request(self.schema, document, variables)
        except BadRequestError as error:
            return ExecutionResult(None, [GraphQLError("", original_error=error)])
        result = execute(
            self.schema,
            document,
            variable_values=dict(variables),
            field_resolver=self.resolve,
            type_resolver=lambda row, _info, _type: row.typename,
        )
        return await result if isawaitable(result) else result

    def resolve(self, source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        parent, name = snake(info.parent_type.name), snake(info.field_name)
        if parent.endswith(("_connection", "_edge")):
            parent = parent.rpartition("_")[2]
        method = getattr(self, f"{parent}_{name}", None)
        if parent == "query":
            return self._at_once(method, arguments)
        if method is not None:
            return method(source, **arguments)
        if isinstance(source, dict):
            return source[name]
        if name == "id":
            return f"{parent}_{source.id}"
        if hasattr(source, f"{name}_id"):
            return self.seen(get_named_type(info.return_type).name, getattr(source, f"{name}_id"))
        return getattr(source, name)

    @staticmethod
    async def _at_once(method: Any, arguments: Mapping[str, Any]) -> Any:
        """Answer a root field among the others, as fields are that wait for a database."""
        return method(None, **arguments)

    # ------------------------------------------------------------ who sees what (R12)

    def may(self, permission: Permission) -> bool:
        return permission in self.me.permissions

    def require_reading(self) -> None:
        if not self.may(Permission.CLIENT_FILE_READ):
            raise ForbiddenError

    def sees(self, row: Row) -> bool:
        if row.typename == "Organisation":
            return bool(row.id == self.me.organisation_id)
        if row.organisation_id != self.me.organisation_id:
            return False
        if row.typename in {"User", "UserGroup"}:
            return True
        of_access = row.typename == "Activity" and row.kind in ACCESS_KINDS
        if of_access or row.typename in {"OutgoingMail", "ApiToken", "Webhook", "WebhookDelivery"}:
            return self.may(Permission.USER_ADMIN)
        if not self.may(Permission.CLIENT_FILE_READ):
            return False
        return self.me.client_access is ClientAccess.OPEN or self._is_own(row)

    def _is_own(self, row: Row) -> bool:
        if row.typename == "Party":
            return bool(row.manager_id == self.me.user_id)
        if row.typename == "Product":
            return any(
                self.rows.by_id["Party"][holding.party_id].manager_id == self.me.user_id
                for holding in self.rows.of["Holding"]
                if holding.product_id == row.id and holding.ended_on is None
            )
        ends = [
            self.seen("Party", row.party_id) is not None,
            self.seen("Product", row.product_id) is not None,
        ]
        return all(ends) if row.typename == "Holding" else any(ends)

    def seen(self, type_name: str, id_: Any) -> Row | None:
        row = self.rows.by_id[type_name].get(id_)
        return row if row is not None and self.sees(row) else None

    def all_seen(self, type_name: str) -> list[Row]:
        return [row for row in self.rows.of[type_name] if self.sees(row)]

    # ------------------------------------------------------------ root fields

    def query_viewer(self, _: None) -> Viewer:
        return self.me

    def query_node(self, _: None, id: str) -> Row | None:
        return self.seen(*key_of(id))

    def query_nodes(self, _: None, ids: list[str]) -> list[Row | None]:
        keys = [key_of(id_) for id_ in ids]
        check(len(keys) <= 100)
        return [self.seen(*key) for key in keys]

    def query_client_file(self, _: None) -> "Naive":
        self.require_reading()
        return self

    def query_party(self, _: None, id: str | None = None, reference: str | None = None) -> Any:
        return self._one("Party", "reference", id, reference)

    def query_product(self, _: None, id: str | None = None, number: str | None = None) -> Any:
        return self._one("Product", "number", id, number)

    def _one(self, type_name: str, column: str, id_: str | None, name: str | None) -> Row | None:
        key = key_of(id_) if id_ else None
        check(key is None or key[0] == type_name)
        self.require_reading()
        check((key is None) != (not name))
        if key is not None:
            return self.seen(*key)
        found = [row for row in self.all_seen(type_name) if getattr(row, column) == name]
        return found[0] if found else None

    def query_offboarding(self, _: None, id: str) -> Row | None:
        key = key_of(id)
        check(key[0] == "Offboarding")
        return self.seen(*key)

    def query_offboardings(self, _: None, **arguments: Any) -> Page:
        self.require_reading()
        found = self._filtered("Offboarding", arguments.get("filter"))
        return page_of("Offboarding", found, arguments)

    def query_activity(self, _: None, **arguments: Any) -> Page:
        if not self.may(Permission.USER_ADMIN):
            self.require_reading()
        return page_of("Activity", self._filtered("Activity", arguments.get("filter")), arguments)

    def query_mails(self, _: None, **arguments: Any) -> Page:
        return self._administered("OutgoingMail", arguments)

    def query_users(self, _: None, **arguments: Any) -> Page:
        return self._administered("User", arguments)

    def query_user_groups(self, _: None, **arguments: Any) -> Page:
        return self._administered("UserGroup", arguments)

    def query_api_tokens(self, _: None, **arguments: Any) -> Page:
        return self._administered("ApiToken", arguments)

    def _administered(self, type_name: str, arguments: Mapping[str, Any]) -> Page:
        if not self.may(Permission.USER_ADMIN):
            raise ForbiddenError
        return page_of(type_name, self._filtered(type_name, arguments.get("filter")), arguments)

    # ------------------------------------------------------------ people and groups

    def user_groups(self, user: Row) -> list[Row]:
        groups = [group for group in self.all_seen("UserGroup") if user.id in group.members]
        return sorted(groups, key=lambda group: group.name)

    def user_group_is_default(self, group: Row) -> bool:
        return group.name in DEFAULT_GROUPS

    def user_group_member_count(self, group: Row) -> int:
        return len(group.members)

    def meets_enabled(self, user: Row, wanted: bool) -> bool:  # noqa: FBT001 - a value
        return bool(user.enabled is wanted)

    def meets_client_access(self, user: Row, access: str) -> bool:
        return bool(user.client_access == access)

    def meets_group_id(self, user: Row, group: str) -> bool:
        found = self.seen("UserGroup", key_of(group)[1])
        return found is not None and user.id in found.members

    def query_webhooks(self, _: None, **arguments: Any) -> Page:
        return self._administered("Webhook", arguments)

    def query_webhook_deliveries(self, _: None, **arguments: Any) -> Page:
        return self._administered("WebhookDelivery", arguments)

    def query_assignable_users(self, _: None, search: str | None = None, **arguments: Any) -> Page:
        found = [
            user
            for user in self.all_seen("User")
            if user.enabled and (_blank(search) or finds(search or "", user.name, user.email))
        ]
        return page_of("User", found, arguments)

    def query_statistics(self, _: None, **arguments: Any) -> list[Row]:
        self.require_reading()
        return self._filtered("Offboarding", arguments.get("filter"))

    # ------------------------------------------------------------ the viewer

    def viewer_user(self, viewer: Viewer) -> Row:
        return self.rows.by_id["User"][viewer.user_id]

    def viewer_organisation(self, viewer: Viewer) -> Row:
        return self.rows.by_id["Organisation"][viewer.organisation_id]

    def viewer_permissions(self, viewer: Viewer) -> list[str]:
        return [str(permission) for permission in Permission if permission in viewer.permissions]

    def viewer_language(self, viewer: Viewer) -> str:
        return str(self.viewer_user(viewer).language)

    def viewer_daily_digest(self, viewer: Viewer) -> bool:
        return bool(self.viewer_user(viewer).daily_digest)

    def viewer_client_access(self, viewer: Viewer) -> str:
        return str(viewer.client_access)

    def viewer_open_task_count(self, viewer: Viewer) -> int:
        return sum(
            task.assignee_id == viewer.user_id and task.status != "DONE"
            for task in self.all_seen("Offboarding")
        )

    # ------------------------------------------------------------ the client file

    def client_file_parties(self, _: Any, **arguments: Any) -> Page:
        return self._overview("Party", arguments)

    def client_file_products(self, _: Any, **arguments: Any) -> Page:
        return self._overview("Product", arguments)

    def _overview(self, type_name: str, arguments: Mapping[str, Any]) -> Page:
        found = self._filtered(type_name, arguments.get("filter"))
        hidden_too = arguments["includeOffboarded"]
        return page_of(type_name, (r for r in found if hidden_too or self._is_listed(r)), arguments)

    def _is_listed(self, row: Row) -> bool:
        """Rule V: with what it owns, or what owns it, it leaves the overview together."""
        other = "Product" if row.typename == "Party" else "Party"
        tied = [
            self.rows.by_id[other][getattr(holding, f"{other.lower()}_id")]
            for holding in self._holdings_of(row)
            if holding.ended_on is None and holding.role in OWNER_ROLES
        ]
        return any(end.status == "ACTIVE" for end in (row, *tied))

    def _holdings_of(self, row: Row) -> list[Row]:
        column = f"{row.typename.lower()}_id"
        return [h for h in self.rows.of["Holding"] if getattr(h, column) == row.id]

    # ------------------------------------------------------------ connections

    def connection_nodes(self, page: Page) -> list[Row]:
        return page.rows

    def connection_edges(self, page: Page) -> list[tuple[Row, Page]]:
        return [(row, page) for row in page.rows]

    def connection_page_info(self, page: Page) -> Page:
        return page

    def connection_total_count(self, page: Page) -> int:
        return page.total

    def edge_cursor(self, edge: tuple[Row, Page]) -> str:
        return cursor_of(edge[0], *edge[1].order)

    def edge_node(self, edge: tuple[Row, Page]) -> Row:
        return edge[0]

    def page_info_has_next_page(self, page: Page) -> bool:
        return page.others_after

    def page_info_has_previous_page(self, page: Page) -> bool:
        return page.others_before

    def page_info_start_cursor(self, page: Page) -> str | None:
        return cursor_of(page.rows[0], *page.order) if page.rows else None

    def page_info_end_cursor(self, page: Page) -> str | None:
        return cursor_of(page.rows[-1], *page.order) if page.rows else None

    # ------------------------------------------------------------ parties and products

    def party_holdings(self, row: Row) -> list[Row]:
        found = [holding for holding in self._holdings_of(row) if self.sees(holding)]
        return sorted(found, key=lambda holding: holding.id.int)

    product_holdings = party_holdings

    def party_products(self, party: Row) -> list[Row]:
        return sorted(self._held_with(party, "Product"), key=lambda product: product.number)

    def product_parties(self, product: Row) -> list[Row]:
        found = self._held_with(product, "Party")
        return sorted(found, key=lambda party: (sort_key(party.name)[:200], party.id.int))

    def _held_with(self, row: Row, other: str) -> list[Row]:
        ends = [
            self.seen(other, getattr(holding, f"{other.lower()}_id"))
            for holding in self._holdings_of(row)
            if holding.ended_on is None
        ]
        return [end for end in ends if end is not None]

    def _offboardings_of(self, row: Row) -> list[Row]:
        column = f"{row.typename.lower()}_id"
        return [o for o in self.all_seen("Offboarding") if getattr(o, column) == row.id]

    def party_offboarding(self, row: Row) -> Row | None:
        running = [o for o in self._offboardings_of(row) if o.status != "DONE"]
        return running[0] if running else None

    product_offboarding = party_offboarding

    def party_offboardings(self, row: Row, **arguments: Any) -> Page:
        return page_of("Offboarding", self._offboardings_of(row), arguments)

    product_offboardings = party_offboardings

    def party_offboarding_state(self, row: Row) -> str:
        if row.status != "ACTIVE":
            return "OFFBOARDED"
        return "PENDING" if self.party_offboarding(row) else "NONE"

    product_offboarding_state = party_offboarding_state

    def party_viewer_can_start_offboarding(self, party: Row) -> bool:
        free = self.party_offboarding_state(party) == "NONE"
        return free and self.may(Permission.PARTY_OFFBOARDING_WRITE)

    def product_viewer_can_start_offboarding(self, product: Row) -> bool:
        free = self.party_offboarding_state(product) == "NONE"
        return free and self.may(Permission.PRODUCT_TERMINATION_WRITE)

    # ------------------------------------------------------------ offboardings

    def offboarding_subject(self, offboarding: Row) -> Row | None:
        party = self.seen("Party", offboarding.party_id)
        return party or self.seen("Product", offboarding.product_id)

    def offboarding_is_final(self, offboarding: Row) -> bool:
        return bool(offboarding.status == "DONE")

    def offboarding_reason(self, offboarding: Row) -> str | None:
        return offboarding.reason if self.may(Permission.OFFBOARDING_REASON_READ) else None

    def offboarding_comment(self, offboarding: Row) -> str | None:
        return offboarding.comment if self.may(Permission.OFFBOARDING_REASON_READ) else None

    def offboarding_activity(self, offboarding: Row, **arguments: Any) -> Page:
        entries = [a for a in self.all_seen("Activity") if a.offboarding_id == offboarding.id]
        return page_of("Activity", entries, arguments)

    def offboarding_open_products(self, offboarding: Row) -> list[Row]:
        owned = [
            self.seen("Product", holding.product_id)
            for holding in self.rows.of["Holding"]
            if holding.party_id == offboarding.party_id
            and holding.ended_on is None
            and holding.role in OWNER_ROLES
        ]
        active = [product for product in owned if product and product.status == "ACTIVE"]
        return sorted(active, key=lambda product: product.number)

    def _may_write(self, offboarding: Row, done: str) -> bool:
        noun = "PARTY_OFFBOARDING" if offboarding.party_id else "PRODUCT_TERMINATION"
        return offboarding.status != "DONE" and self.may(Permission[f"{noun}{done}_WRITE"])

    def offboarding_viewer_can_edit(self, offboarding: Row) -> bool:
        return self._may_write(offboarding, "")

    def offboarding_viewer_can_resolve(self, offboarding: Row) -> bool:
        return self._may_write(offboarding, "_DONE")

    # ------------------------------------------------------------ letters

    def outgoing_mail_next_attempt_at(self, mail: Row) -> datetime | None:
        return mail.due_at if mail.status == "QUEUED" else None

    # ------------------------------------------------------------ the log

    def activity_cursor(self, entry: Row) -> str:
        return cursor_of(entry, "ID", "ASC")

    def change_before(self, change: Mapping[str, Any]) -> str | None:
        return self._told(change, "before")

    def change_after(self, change: Mapping[str, Any]) -> str | None:
        return self._told(change, "after")

    def _told(self, change: Mapping[str, Any], side: str) -> str | None:
        secret = change["field"] in {"reason", "comment"}
        hidden = secret and not self.may(Permission.OFFBOARDING_REASON_READ)
        return None if hidden else change[side]

    # ------------------------------------------------------------ filters

    def _filtered(self, type_name: str, asked: Mapping[str, Any] | None) -> list[Row]:
        wanted = {n: v for n, v in (asked or {}).items() if v is not None}
        return [
            row
            for row in self.all_seen(type_name)
            if all(self._meets(row, name, value) for name, value in wanted.items())
        ]

    def _meets(self, row: Row, name: str, value: Any) -> bool:
        column = snake(name)
        method = getattr(self, f"meets_{column}", None)
        if method is not None:
            return bool(method(row, value))
        if name in ID_KEYS:
            return bool(getattr(row, column) == key_of(value)[1])
        if isinstance(value, dict):
            return _within(getattr(row, column), value)
        return getattr(row, column) in value

    def meets_search(self, row: Row, search: str) -> bool:
        return _blank(search) or finds(search, *self._texts(row))

    def meets_offboarding_state(self, row: Row, states: list[str]) -> bool:
        return self.party_offboarding_state(row) in states

    def meets_reason(self, offboarding: Row, reasons: list[str]) -> bool:
        return self.offboarding_reason(offboarding) in reasons

    def meets_assigned_to_me(self, offboarding: Row, wanted: bool) -> bool:  # noqa: FBT001 - a value
        return (offboarding.assignee_id == self.me.user_id) is wanted

    def meets_unassigned(self, offboarding: Row, wanted: bool) -> bool:  # noqa: FBT001 - a value
        return (offboarding.assignee_id is None) is wanted

    def meets_subject_type(self, offboarding: Row, type_: str) -> bool:
        return type_ == ("PARTY" if offboarding.party_id else "PRODUCT")

    def meets_overdue(self, offboarding: Row, wanted: bool) -> bool:  # noqa: FBT001 - a value
        due_on = offboarding.due_on
        late = due_on is not None and due_on < datetime.now(UTC).date()
        return (offboarding.status != "DONE" and late) is wanted

    def _texts(self, row: Row) -> tuple[str | None, ...]:
        if row.typename == "Offboarding":
            party = self.rows.by_id["Party"].get(row.party_id)
            return self._texts(party or self.rows.by_id["Product"][row.product_id])
        if row.typename == "Party":
            return (row.name, row.reference, row.email)
        return (row.name, row.number)

    # ------------------------------------------------------------ statistics

    def offboarding_statistics_total(self, rows: list[Row]) -> int:
        return len(rows)

    def offboarding_statistics_by_status(self, rows: list[Row]) -> list[dict[str, Any]]:
        return _counts("status", (row.status for row in rows))

    def offboarding_statistics_by_resolution(self, rows: list[Row]) -> list[dict[str, Any]]:
        return _counts("resolution", (row.resolution for row in rows if row.resolution))

    def offboarding_statistics_by_assignee(self, rows: list[Row]) -> list[dict[str, Any]]:
        counted = Counter(row.assignee_id for row in rows)
        ranked = sorted(
            counted.items(), key=lambda item: (-item[1], item[0] is None, item[0] and item[0].int)
        )
        return [{"assignee": self.seen("User", id_), "count": count} for id_, count in ranked]

    def offboarding_statistics_age_in_days(self, rows: list[Row]) -> list[dict[str, Any]]:
        today = datetime.now(UTC).date()
        ages = [(today - row.started_at.date()).days for row in rows if row.status != "DONE"]
        return [
            {
                "from_days": first,
                "to_days": last,
                "count": sum(first <= age <= (last or math.inf) for age in ages),
            }
            for first, last in AGES
        ]

    def offboarding_statistics_days_to_done(self, rows: list[Row]) -> dict[str, Any]:
        times = [row.closed_at - row.started_at for row in rows if row.status == "DONE"]
        days = sorted(time / timedelta(days=1) for time in times)
        return {"median": quantile(days, 0.5), "p90": quantile(days, 0.9)}


def quantile(ranked: list[float], share: float) -> float | None:
    """Return the value below which a share lies, between two neighbours in proportion."""
    if not ranked:
        return None
    place = share * (len(ranked) - 1)
    low, high = ranked[math.floor(place)], ranked[math.ceil(place)]
    return low + (high - low) * (place - math.floor(place))


def _counts(name: str, values: Iterable[str]) -> list[dict[str, Any]]:
    """Return how often there is each value, the most frequent first, then by the alphabet."""
    ranked = sorted(Counter(values).items(), key=lambda item: (-item[1], item[0]))
    return [{name: value, "count": count} for value, count in ranked]


def _blank(search: str | None) -> bool:
    return search is None or not search.strip()


def _within(value: date | datetime | None, period: Mapping[str, Any]) -> bool:
    """Whether a day or moment lies in a period; an unknown one lies in that without bounds."""
    start, end = (_in_utc(period.get(side)) for side in ("from", "to"))
    if start is None and end is None:
        return True
    return value is not None and (start is None or start <= value) and (end is None or value <= end)


def _in_utc(bound: Any) -> Any:
    if isinstance(bound, datetime) and bound.tzinfo is None:
        return bound.replace(tzinfo=UTC)
    return bound
