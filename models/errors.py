"""The refusals: one exception for each reason to say no, shown in the schema under the same name.

An exception's public attributes are the fields of the type that shows it.
"""

from uuid import UUID


class DomainError(Exception):
    """A request that a rule refuses; nothing was changed."""

    message = "This is not possible."

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.message)


class NotFoundError(DomainError):
    """No such thing, or not the viewer's to see: the two look the same (R12)."""

    message = "There is no such thing, or it is not yours to see."


class ForbiddenError(DomainError):
    """The viewer sees it, but lacks a permission (R11)."""

    def __init__(self, permission: str) -> None:
        super().__init__(f"This needs the permission {permission}; ask an administrator for it.")
        self.permission = permission


class OffboardingDoneError(DomainError):
    """Done is final (R1)."""

    message = "This offboarding is done and can no longer change."


class OffboardingInProgressError(DomainError):
    """The subject already has an offboarding that is not Done (R5)."""

    message = "An offboarding is already in progress; continue that one."

    def __init__(self, offboarding_id: UUID) -> None:
        super().__init__()
        self.offboarding_id = offboarding_id


class AlreadyOffboardedError(DomainError):
    """The party is offboarded or the product terminated already (R5)."""

    message = "This has been offboarded already; there is nothing left to start."


class ResolutionRequiredError(DomainError):
    """Done needs a resolution (R2)."""

    message = "Done needs a resolution: choose Done or Cancelled."


class ResolutionNotAllowedError(DomainError):
    """A status other than Done takes no resolution (R2)."""

    message = "Only the status Done takes a resolution; leave it out."


class ConfirmationRequiredError(DomainError):
    """Done with resolution Done needs the confirmation text (R3)."""

    message = "This cannot be undone. Type TERMINATE to confirm."


class ConfirmationMismatchError(DomainError):
    """The confirmation text is not exactly `TERMINATE` (R3)."""

    message = "The confirmation must be TERMINATE, in capitals and without spaces."


class AssigneeUnavailableError(DomainError):
    """The assignee is unknown, disabled or may not see the subject (R8)."""

    message = "This person cannot be given the task; choose an enabled colleague who may see it."


class OpenProductsError(DomainError):
    """The organisation wants a party's products terminated first (R6)."""

    message = "Products of this party are not terminated yet; terminate these first."

    def __init__(self, product_ids: list[UUID]) -> None:
        super().__init__()
        self.product_ids = product_ids


class FourEyesError(DomainError):
    """The organisation wants somebody other than the starter to set Done (R11)."""

    message = "You started this offboarding; somebody else must set it to Done."


class ConflictError(DomainError):
    """`expectedVersion` is not the row's version (R10)."""

    message = "Somebody saved in between; look at the offboarding as it now is and try again."

    def __init__(self, offboarding_id: UUID) -> None:
        super().__init__()
        self.offboarding_id = offboarding_id


class LastAdministratorError(DomainError):
    """Nobody would be left who can give access."""

    message = "Somebody who is enabled must keep USER_ADMIN; give it to another person first."


class GroupInUseError(DomainError):
    """A group that has members stays."""

    message = "This group still has members; take them out of it first."


class InvalidInputError(DomainError):
    """A value out of bounds; `field` is its name in the input."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
