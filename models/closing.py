"""Setting an offboarding to Done: what it depends on, and the text that confirms it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

CONFIRMATION: Final = "TERMINATE"


@dataclass(frozen=True, slots=True)
class Closing:
    """What setting Done depends on: who does it, when, and what stands in the way."""

    by: UUID
    at: datetime
    four_eyes: bool
    open_products: Iterable[UUID] = ()
