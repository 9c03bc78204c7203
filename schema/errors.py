"""The refusals and faults as a client sees them.

A refusal is a member of a mutation's result: the type of the same name as the exception in
`models/errors.py`, with the exception's attributes as its fields. All else is a top-level error.
"""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, cast
from uuid import UUID

import strawberry
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_snake_case

import models
from resolvers import offboardings, products
from schema.context import Info
from schema.error_codes import ErrorCode
from schema.selection import selection

if TYPE_CHECKING:
    from schema.offboarding import Offboarding
    from schema.product import Product

OffboardingType = Annotated["Offboarding", strawberry.lazy("schema.offboarding")]
ProductType = Annotated["Product", strawberry.lazy("schema.product")]

logger = logging.getLogger(__name__)

MOST_ERRORS: Final = 5

CODE = "Code of the refusal, for programs."
MESSAGE = "What is the matter and what to do, for people."


@strawberry.interface(description="Refusal of a mutation; nothing was changed.")
class Error:
    code: ErrorCode = strawberry.field(description=CODE)
    message: str = strawberry.field(description=MESSAGE)


async def found(info: Info, id: UUID) -> OffboardingType:
    """Read an offboarding that is known to be there, as the field at hand asks for it."""
    json = await offboardings.find(info.context.viewer, selection(info), id)
    return cast("OffboardingType", json)


@strawberry.type(
    description="There is no such thing, or it is not yours to see: the two look the same."
)
class NotFoundError(Error):
    pass


@strawberry.type(description="You may see it, but not do this with it.")
class ForbiddenError(Error):
    permission: models.Permission = strawberry.field(description="Permission that is missing.")


@strawberry.type(description="The offboarding is done, and done is final.")
class OffboardingDoneError(Error):
    pass


@strawberry.type(description="The party or product already has an offboarding that is not DONE.")
class OffboardingInProgressError(Error):
    offboarding_id: strawberry.Private[UUID]

    @strawberry.field(description="Offboarding that is in progress.")
    async def offboarding(self, info: Info) -> OffboardingType:
        return await found(info, self.offboarding_id)


@strawberry.type(description="The party is offboarded or the product terminated already.")
class AlreadyOffboardedError(Error):
    pass


@strawberry.type(description="The status DONE needs a resolution.")
class ResolutionRequiredError(Error):
    pass


@strawberry.type(description="Only the status DONE takes a resolution.")
class ResolutionNotAllowedError(Error):
    pass


@strawberry.type(description="DONE with resolution DONE must be confirmed by typing TERMINATE.")
class ConfirmationRequiredError(Error):
    pass


@strawberry.type(description="The text typed to confirm is not exactly TERMINATE.")
class ConfirmationMismatchError(Error):
    pass


@strawberry.type(description="The person is unknown, disabled or may not see the party or product.")
class AssigneeUnavailableError(Error):
    pass


@strawberry.type(description="The organisation wants the products of a party terminated first.")
class OpenProductsError(Error):
    product_ids: strawberry.Private[list[UUID]]

    @strawberry.field(description="Products that are not terminated yet, by number.")
    async def products(self, info: Info) -> list[ProductType]:
        return cast(
            "list[ProductType]",
            await products.find_many(info.context.viewer, selection(info), self.product_ids),
        )


@strawberry.type(description="The organisation wants somebody other than the starter to set DONE.")
class FourEyesError(Error):
    pass


@strawberry.type(
    description="Somebody saved the offboarding in between: `expectedVersion` is not its version."
)
class ConflictError(Error):
    offboarding_id: strawberry.Private[UUID]

    @strawberry.field(description="Offboarding as it now is.")
    async def offboarding(self, info: Info) -> OffboardingType:
        return await found(info, self.offboarding_id)


@strawberry.type(description="Nobody would be left who is enabled and can give access.")
class LastAdministratorError(Error):
    pass


@strawberry.type(description="The group still has members.")
class GroupInUseError(Error):
    pass


@strawberry.type(description="A value is out of bounds.")
class InvalidInputError(Error):
    field: str = strawberry.field(description="Name of the field in the input.")


@dataclass(frozen=True)
class Shows:
    """Shows one exception as the type of the same name; the attributes of both agree."""

    exception_type: type[models.DomainError]
    error_type: type[Error]
    code: ErrorCode

    def handle(self, exception: models.DomainError, *, field: StrawberryField, info: Info) -> Error:
        """Return the exception as a member of the field's result, as Strawberry asks for it."""
        return self.shown(exception)

    def shown(self, exception: models.DomainError) -> Error:
        """Return the exception as a member of a result."""
        return self.error_type(code=self.code, message=str(exception), **vars(exception))


def _code(error_type: type[Error]) -> ErrorCode:
    return ErrorCode[to_snake_case(error_type.__name__.removesuffix("Error")).upper()]


HANDLERS: Final = tuple(
    Shows(getattr(models, error_type.__name__), error_type, _code(error_type))
    for error_type in Error.__subclasses__()
)


def code_of(error: models.DomainError) -> ErrorCode:
    """Return the code of a refusal."""
    return next(shows.code for shows in HANDLERS if type(error) is shows.exception_type)
