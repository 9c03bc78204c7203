"""Words, orders, cursors and pages, in plain Python over rows in memory."""

import json
import re
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from tests.compiled.rows import Row

# ---------------------------------------------------------------- words


# What is one piece in Unicode, and the letters or the apostrophe that it is looked for as.
PLAIN: Final = {
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "þ": "th",
    **dict(zip("øłđðħ\u0131ŧŋ\u02bc\u02bb", "olddhitn\u2019\u2019", strict=True)),
}


def _is_mark(letter: str) -> bool:
    """Whether it is no letter: an accent or a vowel sign above or below one, or not seen at all."""
    if unicodedata.category(letter) == "Cf" or letter == "\u0640":
        return True
    alphabet = unicodedata.name(letter, "").split()[0:1]
    over_any = unicodedata.combining(letter) and alphabet in (["COMBINING"], ["HEBREW"], ["ARABIC"])
    return bool(over_any) or "VARIATION SELECTOR" in unicodedata.name(letter, "")


def sort_key(name: str) -> str:
    """Names sort without accents and case; the case of each letter by itself, as in Unicode."""
    bare = "".join(
        letter.lower() for letter in unicodedata.normalize("NFKD", name) if not _is_mark(letter)
    )
    return "".join(PLAIN.get(letter, letter) for letter in bare)


def _parts_words(letter: str) -> bool:
    category = unicodedata.category(letter)
    return letter.isspace() or category == "Cc" or category[0] in "PSZ"


def words(text: str) -> list[str]:
    """Return the words of a text, as far as they are compared; a final sigma is a sigma."""
    bare = sort_key(text).replace("\u03c2", "\u03c3")
    spaced = "".join(" " if _parts_words(letter) else letter for letter in bare)
    return [word[:100] for word in spaced.split(" ") if word]


def finds(search: str, *texts: str | None) -> bool:
    """Whether words are searched for, each of which begins a word of the texts."""
    there = [word for text in texts for word in words(text or "")]
    wanted = words(search)
    return bool(wanted) and all(any(w.startswith(word) for w in there) for word in wanted)


# ---------------------------------------------------------------- orders


def moment_text(moment: datetime | None) -> str:
    """Return a moment as PostgreSQL writes it in JSON; unknown is later than all."""
    if moment is None:
        return "infinity"
    whole, _, rest = moment.isoformat().removesuffix("+00:00").partition(".")
    return f"{whole}.{rest}".rstrip("0").rstrip(".") + "+00:00" if rest else f"{whole}+00:00"


def day_text(day: date | None) -> str:
    return "infinity" if day is None else day.isoformat()


def _moment(text: str) -> datetime | None:
    if text != "infinity" and not re.fullmatch(r"[0-9-]{10}T[0-9:]{8}(\.\d{1,6})?\+00:00", text):
        raise ValueError(text)
    return None if text == "infinity" else datetime.fromisoformat(text)


def _day(text: str) -> date | None:
    if text != "infinity" and len(text) != len("2026-01-01"):
        raise ValueError(text)
    return None if text == "infinity" else date.fromisoformat(text)


def _text(text: str) -> str:
    if "\0" in text:
        raise ValueError(text)
    return text


@dataclass(frozen=True)
class Order:
    """What rows are sorted by; how that is written in a cursor and read from it."""

    value: Callable[[Row], Any]
    write: Callable[[Any], Any] = _text
    read: Callable[[str], Any] = _text


def _by_moment(column: str) -> Order:
    return Order(lambda row: getattr(row, column), moment_text, _moment)


def _by_day(column: str) -> Order:
    return Order(lambda row: getattr(row, column), day_text, _day)


_BY_NAME: Final = Order(lambda row: sort_key(row.name)[:200])

ORDERS: Final[Mapping[str, Mapping[str, Order]]] = {
    "Party": {
        "NAME": _BY_NAME,
        "REFERENCE": Order(lambda party: party.reference),
        "ONBOARDED_ON": _by_day("onboarded_on"),
        "UPDATED_AT": _by_moment("updated_at"),
    },
    "Product": {
        "NUMBER": Order(lambda product: product.number),
        "NAME": _BY_NAME,
        "OPENED_ON": _by_day("opened_on"),
        "UPDATED_AT": _by_moment("updated_at"),
    },
    "Offboarding": {
        "STARTED_AT": _by_moment("started_at"),
        "UPDATED_AT": _by_moment("updated_at"),
        "DUE_ON": _by_day("due_on"),
        "CLOSED_AT": _by_moment("closed_at"),
    },
    "User": {"NAME": Order(lambda user: sort_key(user.name))},
    "UserGroup": {"NAME": Order(lambda group: sort_key(group.name))},
    "ApiToken": {"CREATED_AT": _by_moment("created_at")},
    "OutgoingMail": {"CREATED_AT": _by_moment("created_at")},
    "Webhook": {"CREATED_AT": _by_moment("created_at")},
    "WebhookDelivery": {"CREATED_AT": _by_moment("created_at")},
    "Activity": {"ID": Order(lambda entry: entry.id, int, int)},
}
DEFAULT_ORDERS: Final = {
    "Party": ("NAME", "ASC"),
    "Product": ("NUMBER", "ASC"),
    "Offboarding": ("STARTED_AT", "DESC"),
    "User": ("NAME", "ASC"),
    "UserGroup": ("NAME", "ASC"),
    "ApiToken": ("CREATED_AT", "DESC"),
    "OutgoingMail": ("CREATED_AT", "DESC"),
    "Webhook": ("CREATED_AT", "ASC"),
    "WebhookDelivery": ("CREATED_AT", "DESC"),
    "Activity": ("ID", "ASC"),
}


def order_of(type_name: str, arguments: Mapping[str, Any]) -> tuple[str, str]:
    asked = arguments.get("orderBy")
    return (asked["field"], asked["direction"]) if asked else DEFAULT_ORDERS[type_name]


# ---------------------------------------------------------------- places and cursors


def _place(value: Any, id_: Any) -> tuple[Any, ...]:
    """Return what compares as a row is sorted: what is unknown comes last, ids break ties."""
    return (value is None, 0 if value is None else value, id_)


def place_of(row: Row, field: str) -> tuple[Any, ...]:
    return _place(ORDERS[row.typename][field].value(row), _tie(row))


def _tie(row: Row) -> Any:
    return row.id if row.typename == "Activity" else row.id.int


def cursor_of(row: Row, field: str, direction: str) -> str:
    order = ORDERS[row.typename][field]
    place = [order.write(order.value(row))]
    if row.typename != "Activity":
        place.append(str(row.id))
    text = json.dumps([f"{field} {direction}", *place], ensure_ascii=False)
    return b64encode(text.encode()).decode()


def place_in(cursor: str, type_name: str, field: str, direction: str) -> tuple[Any, ...]:
    """Return the place that a cursor tells, or raise `ValueError` for one of another list."""
    name, value, *rest = json.loads(b64decode(cursor, validate=True))
    if name != f"{field} {direction}":
        raise ValueError(name)
    if type_name == "Activity":
        if rest:
            raise ValueError(rest)
        return _place(int(value), int(value))
    (key,) = rest
    if str(UUID(key)) != key:
        raise ValueError(key)
    return _place(ORDERS[type_name][field].read(str(value)), UUID(key).int)


# ---------------------------------------------------------------- pages


@dataclass(frozen=True)
class Page:
    """Rows of a page in order, whether there are others before and after, and how many in all."""

    rows: list[Row]
    order: tuple[str, str]
    others_before: bool
    others_after: bool
    total: int


def page_of(type_name: str, rows: Iterable[Row], arguments: Mapping[str, Any]) -> Page:
    """Return the page of all rows that arguments ask for."""
    field, direction = order = order_of(type_name, arguments)
    backwards = direction == "DESC"
    ranked = sorted(rows, key=lambda row: place_of(row, field), reverse=backwards)

    def number_before(cursor: str, *, and_at: bool) -> int:
        place = place_in(cursor, type_name, field, direction)
        places = [place_of(row, field) for row in ranked]
        return sum(
            (at > place if backwards else at < place) or (and_at and at == place) for at in places
        )

    after, before, last = (arguments.get(name) for name in ("after", "before", "last"))
    start = 0 if after is None else number_before(after, and_at=True)
    end = len(ranked) if before is None else number_before(before, and_at=False)
    between = ranked[start:end]
    shown = between[: arguments.get("first") or 50] if last is None else between[-last:]
    left_out = len(shown) < len(between)
    return Page(
        shown,
        order,
        others_before=start > 0 or (last is not None and left_out),
        others_after=end < len(ranked) or (last is None and left_out),
        total=len(ranked),
    )
