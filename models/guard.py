"""The second ring around Done (R1): no write in Python goes round an offboarding's rules.

A bulk write asks no rule, so none is let through; reading and adding rows stay as they are.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final, NoReturn, Self, TypeVar
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.fields import Field
from tortoise.manager import Manager
from tortoise.models import Model
from tortoise.queryset import BulkCreateQuery, QuerySet
from typing_extensions import override

from models.errors import ConflictError, OffboardingDoneError
from models.status import OffboardingStatus

M = TypeVar("M", bound=Model)


class GuardedQuerySet(QuerySet[M]):
    """A query set that reads and adds, and refuses to change or remove rows in bulk."""

    @override
    def update(self, **kwargs: Any) -> NoReturn:
        raise OffboardingDoneError

    @override
    def delete(self) -> NoReturn:
        raise OffboardingDoneError

    @override
    def bulk_update(
        self, objects: Iterable[M], fields: Iterable[str], batch_size: int | None = None
    ) -> NoReturn:
        raise OffboardingDoneError

    @override
    def bulk_create(
        self,
        objects: Iterable[M],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_fields: Iterable[str] | None = None,
        on_conflict: Iterable[str] | None = None,
    ) -> BulkCreateQuery[M]:
        if update_fields or on_conflict:
            raise OffboardingDoneError
        return super().bulk_create(objects, batch_size, ignore_conflicts)


class GuardedManager(Manager):
    """Hands out guarded query sets."""

    @override
    def get_queryset(self) -> GuardedQuerySet[Model]:
        return GuardedQuerySet(self._model)


# What an offboarding is about.
_UNCHANGING: Final = frozenset(
    {
        "id",
        "organisation_id",
        "party_id",
        "product_id",
        "started_by_id",
        "started_at",
        "version",
    }
)


class Guarded(Model):
    """A row that is added, written while it is not Done, and never removed."""

    id: UUID
    version: int
    # The columns as they were read, as long as the row is known to hold them.
    _read: Mapping[str, Any] | None = None

    # Tortoise looks at each assignment whether it is of a related row of the right model, which the
    # foreign keys do, and whether a default was to be awaited for it: there are none here.
    __setattr__ = object.__setattr__  # type: ignore[assignment] # Tortoise names other types

    class Meta(Model.Meta):
        abstract = True

    @override
    @classmethod
    def _init_from_db(cls, **kwargs: Any) -> Self:
        row = super()._init_from_db(**kwargs)
        row._read = kwargs  # noqa: SLF001 - one of us
        return row

    def rewriting(self) -> tuple[str, list[Any]]:
        """Return the UPDATE that writes what has changed over the version that was read.

        It changes nothing where that version is gone, or Done.
        """
        read, changing = self._read, _changing(type(self))
        changed = tuple(
            name
            for name, column in changing.items()
            if read is None or getattr(self, name) != read[column]
        )
        text, fields = _rewriting(type(self), changed)
        values = [field.to_db_value(getattr(self, name), self) for name, field in fields]
        return text, [self.id, self.version, *values]

    @override
    async def save(
        self,
        using_db: BaseDBAsyncClient | None = None,
        update_fields: Iterable[str] | None = None,
        force_create: bool = False,
        force_update: bool = False,
    ) -> None:
        """Add the row, or write it over the version that was read unless that is Done by now."""
        if not self._saved_in_db:
            await super().save(using_db, force_create=True)
            return
        database = using_db or self._choose_db(for_write=True)
        written, _ = await database.execute_query(*self.rewriting())
        if not written:
            row = QuerySet(type(self)).using_db(using_db).filter(id=self.id)
            done = await row.filter(status=OffboardingStatus.DONE).exists()
            raise OffboardingDoneError if done else ConflictError(self.id)
        self.version += 1
        self._read = None

    @override
    async def delete(self, using_db: BaseDBAsyncClient | None = None) -> None:
        """Refuse: an offboarding is a record that is kept for years (R1)."""
        raise OffboardingDoneError


@cache
def _changing(model: type[Guarded]) -> dict[str, str]:
    """Return the names of what may change, each with its column."""
    columns = model._meta.fields_db_projection  # noqa: SLF001 - Tortoise's documented place for it
    return {name: column for name, column in columns.items() if name not in _UNCHANGING}


@cache
def _rewriting(
    model: type[Guarded], names: tuple[str, ...]
) -> tuple[str, list[tuple[str, Field[Any]]]]:
    meta = model._meta  # noqa: SLF001 - as above
    columns = _changing(model)
    taken = "".join(f"{columns[name]} = ${n}, " for n, name in enumerate(names, start=3))
    text = (
        f"update {meta.db_table} set {taken}version = version + 1"
        " where id = $1 and version = $2 and status <> 'DONE'"
    )
    return text, [(name, meta.fields_map[name]) for name in names]
