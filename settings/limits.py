"""Bounds of what one request may ask for, and how much it is told."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class Limits(BaseModel):
    """What one operation may be; most of it is decided from its text, before anything is read."""

    model_config = ConfigDict(frozen=True)

    max_body_bytes: int = Field(
        100_000,
        ge=1_000,
        le=100_000_000,
        description="Largest request body in bytes; a larger one is answered 413.",
    )
    max_header_bytes: int = Field(
        32_000,
        ge=1_000,
        le=1_000_000,
        description="Largest headers of a request, its address with them; larger ones get 431.",
    )
    header_seconds: int = Field(
        10, ge=1, le=600, description="Longest wait for the headers; who is slower gets 408."
    )
    body_seconds: int = Field(
        10, ge=1, le=600, description="Longest wait for a body; a slower one is answered 408."
    )
    allow_get: bool = Field(
        default=False, description="Answer queries, never mutations, that are sent by GET."
    )
    max_running: int = Field(
        200, ge=1, le=100_000, description="Requests that run at once; more are answered 503."
    )
    max_wait_seconds: float = Field(
        0.4,
        gt=0,
        le=60,
        description="Longest wait of an operation for its turn; one that waits longer gets 503.",
    )
    requests_per_minute: int | None = Field(
        None, ge=1, description="Requests of one person in a minute. Absent: any number."
    )
    failures_per_minute: int | None = Field(
        100, ge=1, description="Bad credentials from one address in a minute; more get 429."
    )
    shutdown_seconds: int = Field(
        10, ge=1, le=600, description="Longest wait for what runs when told to end."
    )
    max_document_bytes: int = Field(
        20_000, ge=100, le=10_000_000, description="Longest document of an operation, in bytes."
    )
    max_variables_bytes: int = Field(
        100_000, ge=100, le=100_000_000, description="Largest variables of an operation, in bytes."
    )
    max_json_depth: int = Field(
        20, ge=2, le=1_000, description="Deepest nesting of lists and objects in variables."
    )
    max_tokens: int = Field(2_000, ge=10, le=1_000_000, description="Most tokens of a document.")
    max_depth: int = Field(
        12, ge=1, le=1_000, description="Deepest selection; introspection does not count."
    )
    max_aliases: int = Field(
        30, ge=0, le=100_000, description="Most aliases of an operation, fragments spread out."
    )
    max_root_fields: int = Field(
        20, ge=1, le=1_000, description="Most fields at the root of an operation."
    )
    max_mutations: int = Field(5, ge=1, le=1_000, description="Most mutations of one request.")
    max_directives: int = Field(5, ge=1, le=1_000, description="Most directives in one place.")
    max_comparisons: int = Field(
        25_000,
        ge=100,
        le=1_000_000,
        description="Most comparisons of fields of one name, to see whether they fit together.",
    )
    max_page_size: int = Field(
        100, ge=50, le=100, description="Largest page; 50 is the size where none is given."
    )
    max_list_items: int = Field(
        250, ge=1, le=100_000, description="Most values in a list of an input."
    )
    max_cost: int = Field(
        20_000,
        ge=100,
        le=100_000_000,
        description="Highest cost of an operation: its fields, times the sizes of their pages.",
    )
    max_errors: int = Field(5, ge=1, le=100, description="Most errors told of one request.")
    operation_seconds: int = Field(
        10, ge=1, le=600, description="Longest an operation may take; then it ends with TIMEOUT."
    )
    introspection: bool = Field(
        default=True,
        description="Tell signed-in people about the schema, and suggest names to who mistypes.",
    )
    trusted_documents: Path | None = Field(
        None, description="File of `cli.py documents`: only the operations in it are executed."
    )
