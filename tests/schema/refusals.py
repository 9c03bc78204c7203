"""The refusals of mutations, whole, as clients get them."""

from typing import Any, Final

Refusal = dict[str, Any]


def _refusal(code: str, message: str, **fields: Any) -> Refusal:
    name = "".join(word.capitalize() for word in code.split("_"))
    return {"__typename": f"{name}Error", "code": code, "message": message, **fields}


NOT_FOUND: Final = _refusal("NOT_FOUND", "There is no such thing, or it is not yours to see.")
OFFBOARDING_DONE: Final = _refusal(
    "OFFBOARDING_DONE", "This offboarding is done and can no longer change."
)
ALREADY_OFFBOARDED: Final = _refusal(
    "ALREADY_OFFBOARDED", "This has been offboarded already; there is nothing left to start."
)
RESOLUTION_REQUIRED: Final = _refusal(
    "RESOLUTION_REQUIRED", "Done needs a resolution: choose Done or Cancelled."
)
RESOLUTION_NOT_ALLOWED: Final = _refusal(
    "RESOLUTION_NOT_ALLOWED", "Only the status Done takes a resolution; leave it out."
)
CONFIRMATION_REQUIRED: Final = _refusal(
    "CONFIRMATION_REQUIRED", "This cannot be undone. Type TERMINATE to confirm."
)
CONFIRMATION_MISMATCH: Final = _refusal(
    "CONFIRMATION_MISMATCH", "The confirmation must be TERMINATE, in capitals and without spaces."
)
ASSIGNEE_UNAVAILABLE: Final = _refusal(
    "ASSIGNEE_UNAVAILABLE",
    "This person cannot be given the task; choose an enabled colleague who may see it.",
)
FOUR_EYES: Final = _refusal(
    "FOUR_EYES", "You started this offboarding; somebody else must set it to Done."
)


def forbidden(permission: str) -> Refusal:
    message = f"This needs the permission {permission}; ask an administrator for it."
    return _refusal("FORBIDDEN", message, permission=permission)


def in_progress(offboarding: dict[str, Any]) -> Refusal:
    message = "An offboarding is already in progress; continue that one."
    return _refusal("OFFBOARDING_IN_PROGRESS", message, offboarding=offboarding)


def conflict(offboarding: dict[str, Any]) -> Refusal:
    message = "Somebody saved in between; look at the offboarding as it now is and try again."
    return _refusal("CONFLICT", message, offboarding=offboarding)


def open_products(*numbers: str) -> Refusal:
    message = "Products of this party are not terminated yet; terminate these first."
    return _refusal("OPEN_PRODUCTS", message, products=[{"number": n} for n in numbers])


def invalid(field: str, message: str) -> Refusal:
    return _refusal("INVALID_INPUT", message, field=field)
