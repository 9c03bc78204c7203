"""A statement in the making: SQL text of our own, and where each of its parameters comes from."""

from collections.abc import Callable
from typing import Any

from models import Permission, Viewer
from resolvers.selection import Arguments, Asked, Selection

# A parameter's value from the viewer, the arguments of the request, and the resolver's own input.
Source = Callable[[Viewer, tuple[Arguments, ...], tuple[Any, ...]], Any]


class Statement:
    """Collects parameters while its text is composed; also the viewer as the models know it.

    Only text that stands in our own code gets into the SQL, and response keys, which GraphQL
    limits to letters, digits and underscores. Everything else is a parameter.
    """

    def __init__(self, asked: Asked, *, own: bool, before: int = 0) -> None:
        """Begin a statement, or a part of one that has so many parameters `before`."""
        self.asked = asked
        self.own = own
        self._before = before
        self.sources: list[Source] = []
        self._placeholders: dict[object, str] = {}
        self._aliases = 0

    def alias(self) -> str:
        """Return an alias that is new in this statement."""
        self._aliases += 1
        return f"t{self._aliases}"

    def bind(self, key: object, type_: str, source: Source) -> str:
        """Return the placeholder of a parameter; the same key is the same parameter."""
        if key not in self._placeholders:
            self.sources.append(source)
            self._placeholders[key] = f"${self._before + len(self.sources)}::{type_}"
        return self._placeholders[key]

    def argument(
        self,
        selection: Selection,
        path: tuple[str, ...],
        type_: str,
        convert: Callable[[Any], Any] = lambda value: value,
    ) -> str:
        """Return the placeholder of an argument, or of a key within one."""
        slot = selection.slot
        if slot is None:
            raise ValueError(f"{selection.field} takes no arguments")

        def source(_viewer: Viewer, arguments: tuple[Arguments, ...], _: tuple[Any, ...]) -> Any:  # noqa: ANN401 - a parameter can be of any type
            value: Any = arguments[slot]
            for name in path:
                value = value[name]
            return convert(value)

        return self.bind((slot, path, type_, convert), type_, source)

    def input(self, place: int, type_: str) -> str:
        """Return the placeholder of a value that the resolver gives."""
        return self.bind(("input", place), type_, lambda _viewer, _arguments, inputs: inputs[place])

    @property
    def user(self) -> str:
        """Id of the viewer's user."""
        return self.bind("user", "uuid", lambda viewer, _arguments, _inputs: viewer.user_id)

    @property
    def organisation(self) -> str:
        """Id of the viewer's organisation."""
        return self.bind(
            "organisation", "uuid", lambda viewer, _arguments, _inputs: viewer.organisation_id
        )

    @property
    def permissions(self) -> str:
        """Permissions of the viewer, in the order of the schema."""
        return self.bind(
            "permissions",
            "text[]",
            lambda viewer, _arguments, _inputs: tuple(
                [p for p in Permission if p in viewer.permissions]
            ),
        )

    def may(self, permission: str) -> str:
        """Return the condition that the viewer has a permission."""
        return self.bind(
            ("may", permission),
            "boolean",
            lambda viewer, _arguments, _inputs: permission in viewer.permissions,
        )
