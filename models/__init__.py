"""The rows of the database and the rules they keep, each rule beside its row."""

from collections.abc import Mapping
from typing import Final

from tortoise.models import Model

from models.activity import Activity, ActivityKind, Entry
from models.change import Change
from models.closing import Closing
from models.credentials import ApiToken, BrowserSession
from models.details import Details
from models.errors import (
    AlreadyOffboardedError,
    AssigneeUnavailableError,
    ConfirmationMismatchError,
    ConfirmationRequiredError,
    ConflictError,
    DomainError,
    ForbiddenError,
    FourEyesError,
    GroupInUseError,
    InvalidInputError,
    LastAdministratorError,
    NotFoundError,
    OffboardingDoneError,
    OffboardingInProgressError,
    OpenProductsError,
    ResolutionNotAllowedError,
    ResolutionRequiredError,
)
from models.holding import Holding, HoldingRole
from models.mail import MailKind, MailStatus, OutgoingMail
from models.offboarding import Offboarding
from models.organisation import Organisation
from models.party import Party, PartyStatus, PartyType
from models.product import Product, ProductStatus
from models.status import (
    OffboardingResolution,
    OffboardingState,
    OffboardingStatus,
    SubjectType,
    TerminationReason,
)
from models.user import ClientAccess, Language, User
from models.user_group import Permission, UserGroup
from models.viewer import Viewer
from models.webhook import Webhook, WebhookDelivery, WebhookDeliveryStatus

# The models that a client can read, by the name of their type in the schema.
MODELS: Final[Mapping[str, type[Model]]] = {
    model.__name__: model
    for model in (
        Activity,
        ApiToken,
        Holding,
        Offboarding,
        Organisation,
        OutgoingMail,
        Party,
        Product,
        User,
        UserGroup,
        Webhook,
        WebhookDelivery,
    )
}

__all__ = [
    "MODELS",
    "Activity",
    "ActivityKind",
    "AlreadyOffboardedError",
    "ApiToken",
    "AssigneeUnavailableError",
    "BrowserSession",
    "Change",
    "ClientAccess",
    "Closing",
    "ConfirmationMismatchError",
    "ConfirmationRequiredError",
    "ConflictError",
    "Details",
    "DomainError",
    "Entry",
    "ForbiddenError",
    "FourEyesError",
    "GroupInUseError",
    "Holding",
    "HoldingRole",
    "InvalidInputError",
    "Language",
    "LastAdministratorError",
    "MailKind",
    "MailStatus",
    "NotFoundError",
    "Offboarding",
    "OffboardingDoneError",
    "OffboardingInProgressError",
    "OffboardingResolution",
    "OffboardingState",
    "OffboardingStatus",
    "OpenProductsError",
    "Organisation",
    "OutgoingMail",
    "Party",
    "PartyStatus",
    "PartyType",
    "Permission",
    "Product",
    "ProductStatus",
    "ResolutionNotAllowedError",
    "ResolutionRequiredError",
    "SubjectType",
    "TerminationReason",
    "User",
    "UserGroup",
    "Viewer",
    "Webhook",
    "WebhookDelivery",
    "WebhookDeliveryStatus",
]
