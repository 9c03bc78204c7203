"""The codes by which a client knows why a mutation was refused."""

from enum import StrEnum

from schema.enums import publish


class ErrorCode(StrEnum):
    """Why a mutation was refused."""

    NOT_FOUND = "NOT_FOUND"
    FORBIDDEN = "FORBIDDEN"
    OFFBOARDING_DONE = "OFFBOARDING_DONE"
    OFFBOARDING_IN_PROGRESS = "OFFBOARDING_IN_PROGRESS"
    ALREADY_OFFBOARDED = "ALREADY_OFFBOARDED"
    RESOLUTION_REQUIRED = "RESOLUTION_REQUIRED"
    RESOLUTION_NOT_ALLOWED = "RESOLUTION_NOT_ALLOWED"
    CONFIRMATION_REQUIRED = "CONFIRMATION_REQUIRED"
    CONFIRMATION_MISMATCH = "CONFIRMATION_MISMATCH"
    ASSIGNEE_UNAVAILABLE = "ASSIGNEE_UNAVAILABLE"
    OPEN_PRODUCTS = "OPEN_PRODUCTS"
    FOUR_EYES = "FOUR_EYES"
    CONFLICT = "CONFLICT"
    INVALID_INPUT = "INVALID_INPUT"
    LAST_ADMINISTRATOR = "LAST_ADMINISTRATOR"
    GROUP_IN_USE = "GROUP_IN_USE"


publish(
    ErrorCode,
    "Why a mutation was refused; a code is never removed or given another meaning.",
    {
        "NOT_FOUND": "There is no such thing, or it is not yours to see.",
        "FORBIDDEN": "You may see it, but lack the permission that `permission` names.",
        "OFFBOARDING_DONE": "The offboarding is done, and done is final.",
        "OFFBOARDING_IN_PROGRESS": "An offboarding of this is in progress: `offboarding`.",
        "ALREADY_OFFBOARDED": "The party is offboarded or the product terminated already.",
        "RESOLUTION_REQUIRED": "The status DONE needs a resolution.",
        "RESOLUTION_NOT_ALLOWED": "Only the status DONE takes a resolution.",
        "CONFIRMATION_REQUIRED": "The text TERMINATE must be typed to confirm.",
        "CONFIRMATION_MISMATCH": "The text typed to confirm is not exactly TERMINATE.",
        "ASSIGNEE_UNAVAILABLE": "The person is unknown, disabled or may not see the subject.",
        "OPEN_PRODUCTS": "The products in `products` must be terminated first.",
        "FOUR_EYES": "Who started an offboarding must not be who sets it to DONE.",
        "CONFLICT": "Somebody saved in between; `offboarding` is as it now is.",
        "INVALID_INPUT": "The value of `field` is out of bounds.",
        "LAST_ADMINISTRATOR": "Nobody would be left who can give access.",
        "GROUP_IN_USE": "The group still has members.",
    },
)
