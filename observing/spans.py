"""Spans, by OpenTelemetry: imported only where traces are wanted, and where its packages are.

Nothing of a request is in them but the name of its operation: no document, variable or value.
"""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

LONGEST_STATEMENT: Final = 4_000
# For so long the last spans may take to leave when the process ends.
END_SECONDS: Final = 3

Headers = Iterable[tuple[bytes, bytes]]
Attributes = Mapping[str, str | int]

# Only what W3C says of traces: what else a client sends along is none of a receiver's business.
_W3C: Final = TraceContextTextMapPropagator()
_W3C_HEADERS: Final = frozenset({b"traceparent", b"tracestate"})


class Spans:
    """Makes spans, and sends them to a collector from a thread of its own."""

    def __init__(self, endpoint: str, service: str) -> None:
        self._exporter = OTLPSpanExporter(endpoint=endpoint)
        resource = Resource.create({SERVICE_NAME: service})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(self._exporter))
        self._tracer = self._provider.get_tracer("offboarding")

    async def end(self) -> None:
        """Send what is left, unless the collector cannot be had."""
        ending = asyncio.create_task(asyncio.to_thread(self._provider.shutdown))
        done, _ = await asyncio.wait({ending}, timeout=END_SECONDS)
        if not done:
            self._exporter.shutdown()  # type: ignore[no-untyped-call] # the package types it not
        await ending

    @contextmanager
    def continued(self, headers: Headers) -> Iterator[None]:
        """Let spans belong to the trace that came along in headers, if one did."""
        carrier = {
            str(name, "ascii"): str(value, "latin-1")
            for name, value in headers
            if name in _W3C_HEADERS
        }
        token = attach(_W3C.extract(carrier, Context()) if carrier else Context())
        try:
            yield
        finally:
            detach(token)

    @contextmanager
    def span(self, name: str, attributes: Attributes, *, served: bool) -> Iterator[Span]:
        """Time what we serve, or what we ask of others; of an exception only the name is told."""
        with self._tracer.start_as_current_span(
            name,
            kind=SpanKind.SERVER if served else SpanKind.CLIENT,
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield span
            except Exception as error:
                self.fail(type(error).__name__)
                raise

    def fail(self, reason: str, *, fault: bool = True) -> None:
        """Say why what the current span is about failed, and whether we are to blame."""
        span = trace.get_current_span()
        span.set_attribute("error.type", reason)
        if fault:
            span.set_status(StatusCode.ERROR)

    def name_operation(self, kind: str, name: str | None) -> None:
        """Name the current span for the operation that it is about."""
        span = trace.get_current_span()
        if not span.is_recording():
            return
        span.update_name(f"{kind} {name}" if name else kind)
        span.set_attribute("graphql.operation.type", kind)
        if name:
            span.set_attribute("graphql.operation.name", name)

    def headers(self) -> dict[str, str]:
        """Return the headers that carry the trace on to others."""
        carrier: dict[str, str] = {}
        _W3C.inject(carrier)
        return carrier

    def ids(self) -> Mapping[str, str]:
        """Return what a line of the log holds of the current span."""
        context = trace.get_current_span().get_span_context()
        if not context.is_valid:
            return {}
        return {
            "trace_id": trace.format_trace_id(context.trace_id),
            "span_id": trace.format_span_id(context.span_id),
        }

    async def watch(self, connection: Any) -> None:  # noqa: ANN401 - asyncpg ships no types
        """Make a span of each statement of a connection from now on."""
        connection.add_query_logger(self._statement)

    def _statement(self, record: Any) -> None:  # noqa: ANN401 - as above
        """Make a span of a statement that has ended, if it belongs to one that is kept."""
        if not trace.get_current_span().get_span_context().trace_flags.sampled:
            return
        verb = record.query.split(None, 1)[0].rstrip(";").upper()
        end = time.time_ns()
        span = self._tracer.start_span(
            verb,
            kind=SpanKind.CLIENT,
            attributes={
                "db.system.name": "postgresql",
                "db.operation.name": verb,
                "db.query.text": record.query[:LONGEST_STATEMENT],
            },
            start_time=end - int(record.elapsed * 1e9),
        )
        if record.exception is not None:
            state = getattr(record.exception, "sqlstate", None)
            span.set_attribute("error.type", state or type(record.exception).__name__)
            span.set_status(StatusCode.ERROR)
        span.end(end)
