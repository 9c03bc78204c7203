"""The second ring around Done (R1): no write in Python goes round an offboarding's rules.

A bulk write asks no rule, so none is let through; reading and adding rows stay as they are.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any, Final, NoReturn, TypeVar
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


# What an offboarding is about; its other columns are written with each change.
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

    class Meta(Model.Meta):
        abstract = True

    def rewriting(self) -> tuple[str, list[Any]]:
        """Return the UPDATE that writes the row over the version that was read, and its values.

        It changes nothing where that version is gone, or Done.
        """
        text, fields = _rewriting(type(self))
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

    @override
    async def delete(self, using_db: BaseDBAsyncClient | None = None) -> None:
        """Refuse: an offboarding is a record that is kept for years (R1)."""
        raise OffboardingDoneError


@cache
def _rewriting(model: type[Guarded]) -> tuple[str, list[tuple[str, Field[Any]]]]:
    meta = model._meta  # noqa: SLF001 - Tortoise's documented place for it
    columns = meta.fields_db_projection
    changing = [name for name in columns if name not in _UNCHANGING]
    taken = ", ".join(f"{columns[name]} = ${n}" for n, name in enumerate(changing, start=3))
    text = (
        f"update {meta.db_table} set {taken}, version = version + 1"
        " where id = $1 and version = $2 and status <> 'DONE'"
    )
    return text, [(name, meta.fields_map[name]) for name in changing]
