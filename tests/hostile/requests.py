"""Random requests as they go over the wire: sound, spoilt, and to any of the server's addresses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode

import orjson
from hypothesis import strategies as st

T = TypeVar("T")

LARGEST: Final = 100_000
JSON: Final = ("content-type", "application/json")
# What comes in a header, or a parameter, where nobody would expect it.
ODD: Final = (
    "",
    " ",
    "\0",
    "é\xff",
    "nan",
    "-1",
    "9" * 400,
    "9" * 5_000,
    "1e999",
    "//[",
    "\\\\host",
    "%00",
    "%ff%fe",
    "%s%n",
    "' or 1=1 --",
    "../../etc/passwd",
    "{}",
    "a,b;q=x,;;=",
    "x" * 8_000,
)
# By their places, since what is drawn from is printed where a test fails.
_ODD: Final = st.sampled_from(range(len(ODD))).map(ODD.__getitem__)
_WORDS: Final = _ODD | st.text(max_size=10)
HEADERS: Final = (
    "accept",
    "accept-encoding",
    "authorization",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "idempotency-key",
    "if-none-match",
    "last-event-id",
    "origin",
    "range",
    "sec-fetch-site",
    "transfer-encoding",
    "upgrade",
    "x-forwarded-for",
    "x-request-id",
)
GOOD_HEADERS: Final = (
    ("accept", "application/graphql-response+json"),
    ("accept", "text/event-stream"),
    ("accept", 'multipart/mixed; subscriptionSpec="1.0"'),
    ("accept", "*/*;q=nan, application/json;q=0"),
    ("content-type", "application/x-www-form-urlencoded"),
    ("content-type", "multipart/form-data; boundary=x"),
    ("content-type", "application/json; charset=utf-16"),
    ("content-encoding", "gzip"),
    ("idempotency-key", "a"),
    ("origin", "null"),
    ("x-request-id", "a.b-c:d"),
    ("cookie", "session=" + "x" * 43),
)
NAMES: Final = ("query", "variables", "operationName", "extensions", "documentId", "id", "x\0")
PATHS: Final = (
    "/",
    "/graphql",
    "/graphql/",
    "/events",
    "/sign-in",
    "/sign-out",
    "/mail",
    "/mail/1",
    "/mail/{}",
    "/tasks/{}",
    "/unsubscribe/{}",
    "/assets/{}",
    "/schema",
    "/schema.graphql",
    "/explore.json",
    "/health/live",
    "/health/ready",
    "/metrics",
    "/export/{}",
    "/export/parties.csv",
    "/export/products.ndjson",
    "/export/offboardings.xlsx",
    "/export/activity.csv",
    "/{}",
)
PARAMETERS: Final = (
    *("query", "variables", "operationName", "extensions", "after", "next", "user", "search"),
    *("type", "status", "kind", "orderBy", "direction", "includeOffboarded", "managerId"),
    *("offboardingId", "partyId", "onboardedOn.from", "startedAt.to", "first", "x"),
)
METHODS: Final = ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW")


@dataclass(frozen=True)
class Sent:
    """A request: its first line, its headers and its body."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def wire(self) -> bytes:
        """Return what goes over the wire."""
        given = {name for name, _ in self.headers}
        own = {"host": "localhost", "content-length": str(len(self.body)), "connection": "close"}
        headers = [*self.headers, *((n, v) for n, v in own.items() if n not in given)]
        lines = [f"{self.method} {self.target} HTTP/1.1", *(f"{n}: {v}" for n, v in headers)]
        return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + self.body


def _often(*weighted: tuple[int, st.SearchStrategy[T]]) -> st.SearchStrategy[T]:
    """Draw by one of the strategies, each as often as its number says."""
    places = [place for place, (times, _) in enumerate(weighted) for _ in range(times)]
    return st.sampled_from(places).flatmap(lambda place: weighted[place][1])


def _values() -> st.SearchStrategy[Any]:
    leaves = (
        st.none()
        | st.booleans()
        | st.integers(-(2**63), 2**63 - 1)
        | st.floats(allow_nan=False)
        | st.text(max_size=20)
        | _ODD
    )
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
        max_leaves=8,
    )


def _spoilt(body: bytes) -> st.SearchStrategy[bytes]:
    """Draw what becomes of a body on a bad line, or by somebody's hand."""
    place = st.integers(0, max(0, len(body) - 1))
    pieces = (
        *(b"\0", b"\\ud800", b"\\u0000", b"\xed\xa0\x80", b"\xff", b'"', b"}", b"{", b","),
        *(b"[" * 200, b"{" * 60, b"1" * 500, b"NaN", b"1e400", b"-", b"\xef\xbb\xbf", b"@a " * 50),
    )
    put_in = st.tuples(place, st.sampled_from(pieces)).map(
        lambda t: body[: t[0]] + t[1] + body[t[0] :]
    )
    return st.one_of(place.map(lambda at: body[:at]), put_in, put_in)


def _deep() -> st.SearchStrategy[bytes]:
    """Draw bodies that nest, in JSON or in GraphQL, further than anybody follows."""
    shapes = (
        lambda n: (
            b'{"query": "{ __typename }", "variables": ' + b'{"a":' * n + b"1" + b"}" * n + b"}"
        ),
        lambda n: b'{"query": "{ __typename }", "variables": {"a": ' + b"[" * n + b"]" * n + b"}}",
        lambda n: b'{"query": "' + b"{a" * n + b"}" * n + b'"}',
        lambda n: b'{"query": "{ nodes(ids: ' + b"[" * n + b"]" * n + b') { id } }"}',
        lambda n: b'{"query": "query ($a: ' + b"[" * n + b"ID" + b"]" * n + b') { __typename }"}',
        lambda n: b'{"query": "' + b"#" * n + b'"}',
        lambda n: b'{"query": "{ __typename ' + b"@skip(if: false) " * n + b'}"}',
        lambda n: b'{"query": "' + b"{ ...a } fragment a on Query { ...a } " * n + b'"}',
        lambda n: b'{"query": "' + b"query q { __typename } " * n + b'", "operationName": "q"}',
        lambda n: b'{"query": "{ mails(first: ' + b"9" * n + b') { totalCount } }"}',
    )
    depth = st.sampled_from((1, 2, 19, 20, 21, 250, 999, 4_999, 9_000))
    drawn = st.tuples(st.sampled_from(shapes), depth).map(lambda t: t[0](t[1]))
    # What is larger is refused before it is read, on a line that is cut then.
    return drawn.filter(lambda body: len(body) <= LARGEST)


def _bodies(documents: st.SearchStrategy[str]) -> st.SearchStrategy[bytes]:
    sound = documents.map(lambda text: orjson.dumps({"query": text}))
    # With the values beside the text, each under any name and of any type.
    queried = st.fixed_dictionaries(
        {"query": documents}, optional=dict.fromkeys(NAMES[1:], _values())
    )
    odd = st.dictionaries(st.sampled_from(NAMES), _values()) | _values()
    return _often(
        (10, sound),
        (3, queried.map(orjson.dumps)),
        (2, odd.map(orjson.dumps)),
        (3, sound.flatmap(_spoilt)),
        (2, _deep()),
        (1, st.binary(max_size=50)),
    )


def _headers(tokens: Sequence[str]) -> st.SearchStrategy[tuple[tuple[str, str], ...]]:
    bearer = st.sampled_from([("authorization", f"Bearer {token}") for token in tokens])
    more = st.sampled_from(GOOD_HEADERS) | st.tuples(
        st.sampled_from(HEADERS), _ODD | st.text(max_size=10)
    )
    told = st.tuples(bearer, st.just(JSON))
    # Mostly as a client would; a line break within would only be the next header.
    some = st.lists(more.filter(lambda h: not {"\r", "\n"} & set(h[1])), max_size=2)
    return _often(
        (10, told),
        (4, st.tuples(told, some).map(lambda t: (*dict((*t[0], *t[1])).items(),))),
        (1, some.map(tuple)),
    )


def _targets() -> st.SearchStrategy[str]:
    parameters = st.lists(st.tuples(st.sampled_from(PARAMETERS), _WORDS), max_size=3)
    quoted = st.tuples(st.sampled_from(PATHS), _WORDS, parameters)

    def target(parts: tuple[str, str, list[tuple[str, str]]]) -> str:
        path, word, given = parts
        asked = "&".join(f"{name}={quote(value, safe='')}" for name, value in given)
        return path.format(quote(word, safe="")) + (f"?{asked}" if asked else "")

    return quoted.map(target)


def _forms(origin: str, people: Sequence[str]) -> st.SearchStrategy[Sent]:
    """Draw what a page of the server might send for somebody who signs in, or out."""
    person = st.sampled_from([id.removeprefix("user_") for id in people]) | _ODD
    body = st.tuples(person, _WORDS).map(lambda t: urlencode({"user": t[0], "next": t[1]}))
    headers = (("origin", origin), ("content-type", "application/x-www-form-urlencoded"))
    paths = st.sampled_from(("/sign-in", "/sign-in", "/sign-out", "/unsubscribe/x"))
    return st.builds(
        Sent,
        st.just("POST"),
        paths,
        st.just(headers),
        _often((4, body.map(str.encode)), (1, body.map(str.encode).flatmap(_spoilt))),
    )


def requests(
    documents: st.SearchStrategy[str], tokens: Sequence[str], origin: str, people: Sequence[str]
) -> st.SearchStrategy[Sent]:
    """Draw a request, most of them to `/graphql`."""
    asked = st.builds(
        Sent, st.just("POST"), st.just("/graphql"), _headers(tokens), _bodies(documents)
    )
    methods = _often((4, st.just("GET")), (1, st.sampled_from(METHODS)))
    elsewhere = st.builds(Sent, methods, _targets(), _headers(tokens))
    return _often((10, asked), (4, elsewhere), (1, _forms(origin, people)))


def messages(documents: st.SearchStrategy[str]) -> st.SearchStrategy[str | bytes]:
    """Draw a frame for a websocket on which somebody has said who they are."""
    types = st.sampled_from(("subscribe", "complete", "ping", "pong", "connection_init", "x", ""))
    ids = st.sampled_from(("a", "b", "", "\0", "x" * 5_000))
    payload = st.fixed_dictionaries({"query": documents}, optional={"variables": _values()})
    sound = st.builds(
        lambda id, payload: {"id": id, "type": "subscribe", "payload": payload}, ids, payload
    )
    odd = st.fixed_dictionaries(
        {"type": types | _values()}, optional={"id": ids | _values(), "payload": _values()}
    )
    return st.one_of(
        sound.map(lambda m: orjson.dumps(m).decode()),
        odd.map(lambda m: orjson.dumps(m).decode()),
        _values().map(lambda m: orjson.dumps(m).decode()),
        st.text(max_size=30),
        st.binary(max_size=30),
    )
