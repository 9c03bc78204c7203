"""Tables: what the read path knows of the table behind a type."""

from models import MODELS
from models.readable import Readable


def readable_of(type_name: str) -> Readable:
    """Return what can be read of the model of a type."""
    readable: Readable = MODELS[type_name].readable  # type: ignore[attr-defined] # each model that is shown has it
    return readable


def table_of(type_name: str) -> str:
    """Return the table of the model of a type."""
    return str(MODELS[type_name]._meta.db_table)  # noqa: SLF001 - Tortoise's documented place for it


def key_type_of(type_name: str) -> str:
    """Return the SQL type of the ids of a type."""
    return "bigint" if MODELS[type_name]._meta.pk.field_type is int else "uuid"  # noqa: SLF001 - as above


def id_prefix(type_name: str) -> str:
    """Return what the ids of a type begin with: its name, in small letters."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in type_name).lstrip("_")
