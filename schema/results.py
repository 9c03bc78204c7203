"""What mutations answer: success with the changed object, or the refusals it can give."""

from typing import Annotated, cast
from uuid import UUID

import strawberry
from orjson import Fragment

from resolvers import holdings, parties
from schema.context import Info
from schema.errors import (
    AlreadyOffboardedError,
    AssigneeUnavailableError,
    ConfirmationMismatchError,
    ConfirmationRequiredError,
    ConflictError,
    ForbiddenError,
    FourEyesError,
    InvalidInputError,
    NotFoundError,
    OffboardingDoneError,
    OffboardingInProgressError,
    OpenProductsError,
    ResolutionNotAllowedError,
    ResolutionRequiredError,
    found,
)
from schema.offboarding import Offboarding
from schema.party import Party
from schema.product import Holding
from schema.selection import selection


@strawberry.type(description="Success of a mutation of an offboarding.")
class _Saved:
    offboarding_id: strawberry.Private[UUID]
    shown: strawberry.Private[Fragment | None] = None

    @strawberry.field(description="Offboarding as saved.")
    async def offboarding(self, info: Info) -> Offboarding:
        if self.shown is not None:
            return cast("Offboarding", self.shown)
        return await found(info, self.offboarding_id)


@strawberry.type(description="Success of `startPartyOffboarding`.")
class StartPartyOffboardingSuccess(_Saved):
    pass


StartPartyOffboardingResult = Annotated[
    StartPartyOffboardingSuccess
    | NotFoundError
    | ForbiddenError
    | AlreadyOffboardedError
    | OffboardingInProgressError
    | ResolutionRequiredError
    | ResolutionNotAllowedError
    | ConfirmationRequiredError
    | ConfirmationMismatchError
    | AssigneeUnavailableError
    | FourEyesError
    | InvalidInputError
    | OpenProductsError,
    strawberry.union(
        "StartPartyOffboardingResult", description="Outcome of `startPartyOffboarding`."
    ),
]


@strawberry.type(description="Success of `startProductTermination`.")
class StartProductTerminationSuccess(_Saved):
    pass


StartProductTerminationResult = Annotated[
    StartProductTerminationSuccess
    | NotFoundError
    | ForbiddenError
    | AlreadyOffboardedError
    | OffboardingInProgressError
    | ResolutionRequiredError
    | ResolutionNotAllowedError
    | ConfirmationRequiredError
    | ConfirmationMismatchError
    | AssigneeUnavailableError
    | FourEyesError
    | InvalidInputError,
    strawberry.union(
        "StartProductTerminationResult", description="Outcome of `startProductTermination`."
    ),
]


@strawberry.type(description="Success of `saveOffboarding`.")
class SaveOffboardingSuccess(_Saved):
    pass


SaveOffboardingResult = Annotated[
    SaveOffboardingSuccess
    | NotFoundError
    | ForbiddenError
    | OffboardingDoneError
    | ConflictError
    | ResolutionRequiredError
    | ResolutionNotAllowedError
    | ConfirmationRequiredError
    | ConfirmationMismatchError
    | AssigneeUnavailableError
    | FourEyesError
    | InvalidInputError
    | OpenProductsError,
    strawberry.union("SaveOffboardingResult", description="Outcome of `saveOffboarding`."),
]


@strawberry.type(description="Success of `setOffboardingStatus`.")
class SetOffboardingStatusSuccess(_Saved):
    pass


SetOffboardingStatusResult = Annotated[
    SetOffboardingStatusSuccess
    | NotFoundError
    | ForbiddenError
    | OffboardingDoneError
    | ConflictError
    | ResolutionRequiredError,
    strawberry.union(
        "SetOffboardingStatusResult", description="Outcome of `setOffboardingStatus`."
    ),
]


@strawberry.type(description="Success of `assignOffboarding`.")
class AssignOffboardingSuccess(_Saved):
    pass


AssignOffboardingResult = Annotated[
    AssignOffboardingSuccess
    | NotFoundError
    | ForbiddenError
    | OffboardingDoneError
    | ConflictError
    | AssigneeUnavailableError,
    strawberry.union("AssignOffboardingResult", description="Outcome of `assignOffboarding`."),
]


@strawberry.type(description="Success of `resolveOffboarding`.")
class ResolveOffboardingSuccess(_Saved):
    pass


ResolveOffboardingResult = Annotated[
    ResolveOffboardingSuccess
    | NotFoundError
    | ForbiddenError
    | OffboardingDoneError
    | ConflictError
    | ConfirmationRequiredError
    | ConfirmationMismatchError
    | FourEyesError
    | OpenProductsError
    | InvalidInputError,
    strawberry.union("ResolveOffboardingResult", description="Outcome of `resolveOffboarding`."),
]


@strawberry.type(description="Success of `endHolding`.")
class EndHoldingSuccess:
    holding_id: strawberry.Private[UUID]
    party_id: strawberry.Private[UUID]

    @strawberry.field(
        description="Holding as saved; null where the viewer may no longer see the product."
    )
    async def holding(self, info: Info) -> Holding | None:
        json = await holdings.find(info.context.viewer, selection(info), self.holding_id)
        return cast("Holding | None", json)

    @strawberry.field(description="Party that left the product.")
    async def party(self, info: Info) -> Party:
        json = await parties.find(info.context.viewer, selection(info), self.party_id, None)
        return cast("Party", json)


EndHoldingResult = Annotated[
    EndHoldingSuccess | NotFoundError | ForbiddenError | InvalidInputError,
    strawberry.union("EndHoldingResult", description="Outcome of `endHolding`."),
]
