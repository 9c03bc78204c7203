"""The enums of the schema, published once, with a description of each value."""

from collections.abc import Mapping
from enum import StrEnum

import strawberry

import models


def publish(enum: type[StrEnum], description: str, values: Mapping[str, str]) -> None:
    """Put an enum into the schema; each value needs its description."""
    published = strawberry.enum(enum, description=description)
    for value in published.__strawberry_definition__.values:  # type: ignore[attr-defined] # Strawberry adds it
        value.description = values[value.name]


publish(
    models.PartyType,
    "Kind of a party.",
    {
        "NATURAL_PERSON": "A person.",
        "LEGAL_ENTITY": "A company, foundation or other legal entity.",
        "NATURAL_PERSON_GROUP": "Several persons who are a client together.",
    },
)
publish(
    models.PartyStatus,
    "Status of a party.",
    {"ACTIVE": "The relationship goes on.", "OFFBOARDED": "The relationship has ended for good."},
)
publish(
    models.ProductStatus,
    "Status of a product.",
    {"ACTIVE": "The product is in use.", "TERMINATED": "The product has ended for good."},
)
publish(
    models.OffboardingState,
    "Where a party or a product stands.",
    {
        "NONE": "No offboarding is in progress.",
        "PENDING": "An offboarding is in progress.",
        "OFFBOARDED": "It has been offboarded or terminated.",
    },
)
publish(
    models.HoldingRole,
    "Role in which a party holds a product.",
    {
        "OWNER": "The owner.",
        "JOINT_OWNER": "One of several owners.",
        "BENEFICIARY": "Benefits from the product without owning it.",
        "REPRESENTATIVE": "Acts for an owner.",
    },
)
publish(
    models.OffboardingStatus,
    "Status of an offboarding; the first three may follow each other in any order.",
    {
        "OPEN": "Started; nothing has been done yet.",
        "IN_PROGRESS": "Something has been done; the file is not complete.",
        "REVIEW": "The file is complete and waits for approval.",
        "DONE": "Complete and decided; this cannot be undone.",
    },
)
publish(
    models.OffboardingResolution,
    "How an offboarding that is DONE ended.",
    {
        "DONE": "The relationship or the product has ended.",
        "CANCELLED": "It was not approved; everything stays as it was.",
    },
)
publish(
    models.TerminationReason,
    "Why a relationship or a product ends.",
    {
        "CLIENT_REQUEST": "The client asked for it.",
        "FIRM_DECISION": "The firm decided it.",
        "DEATH": "The client died.",
        "DISSOLUTION": "The company was dissolved.",
        "INSOLVENCY": "The client is insolvent.",
        "STRUCTURE_CHANGE": "The client's structure changed.",
        "RISK_OR_SANCTIONS": "Risk appetite or sanctions forbid to go on.",
        "INACTIVE": "The relationship has been inactive for long.",
        "OTHER": "Another reason; see the comment.",
    },
)
publish(
    models.ClientAccess,
    "Which parties a user may see.",
    {"OPEN": "All parties of the organisation.", "OWN": "The parties that the user manages."},
)
publish(
    models.SubjectType,
    "Of what kind the subject of an offboarding is.",
    {"PARTY": "A party is offboarded.", "PRODUCT": "A product is terminated."},
)
publish(
    models.Permission,
    "What a user may do.",
    {
        "CLIENT_FILE_READ": "See the client file and its offboardings.",
        "CLIENT_FILE_WRITE": "Change the client file.",
        "CLIENT_FILE_EXPORT": "Export the client file.",
        "PARTY_OFFBOARDING_WRITE": "Start and edit offboardings of parties.",
        "PARTY_OFFBOARDING_DONE_WRITE": "Set offboardings of parties to DONE.",
        "PRODUCT_TERMINATION_WRITE": "Start and edit terminations of products, end holdings.",
        "PRODUCT_TERMINATION_DONE_WRITE": "Set terminations of products to DONE.",
        "OFFBOARDING_REASON_READ": "See the reason and the comment of offboardings.",
        "USER_ADMIN": "Give and take access.",
    },
)
publish(
    models.ActivityKind,
    "What happened.",
    {
        "OFFBOARDING_STARTED": "An offboarding or termination was started.",
        "STATUS_CHANGED": "Its status changed to another than DONE.",
        "ASSIGNED": "It was given to another person or to nobody.",
        "RESOLVED": "It was set to DONE.",
        "DETAILS_CHANGED": "Its reason, comment, effective day or due day changed.",
        "PARTY_OFFBOARDED": "A party became offboarded.",
        "PRODUCT_TERMINATED": "A product became terminated.",
        "HOLDING_ENDED": "A party stopped holding a product.",
        "MAIL_SENT": "A letter about it was accepted by the mail server.",
        "MAIL_FAILED": "A letter about it could not be delivered.",
        "CLIENT_FILE_EXPORTED": "Somebody exported all rows of a list to a file.",
        "USER_INVITED": "A person was let in; told to USER_ADMIN only, as all that follows.",
        "ACCESS_CHANGED": "A person was enabled, disabled or given other access.",
        "GROUP_CREATED": "A group was made.",
        "GROUP_CHANGED": "The name, description or permissions of a group changed.",
        "GROUP_DELETED": "A group was deleted.",
        "API_TOKEN_CREATED": "A person made an API token.",
        "API_TOKEN_REVOKED": "An API token was revoked.",
    },
)
publish(
    models.Language,
    "Language in which people are written to.",
    {"EN": "English.", "NL": "Dutch."},
)
publish(
    models.MailKind,
    "Which letter it is.",
    {
        "TASK_ASSIGNED": "Tells the assignee of an offboarding that the task is theirs.",
        "TASK_DUE": "Reminds the assignee of an offboarding on the day it is due.",
        "DAILY_DIGEST": "Lists the open tasks of who wants that, each day.",
        "WEBHOOK_DISABLED": "Tells an administrator that a webhook was switched off.",
    },
)
publish(
    models.MailStatus,
    "How far a letter is.",
    {
        "QUEUED": "Waits to leave, or to be tried again.",
        "SENT": "The mail server has accepted it.",
        "FAILED": "The mail server refused it for good, or for two days; `lastError` says why.",
        "DROPPED": "Not needed any more before it left; `lastError` says why.",
    },
)
publish(
    models.WebhookDeliveryStatus,
    "How far the delivery of an entry to a webhook is.",
    {
        "PENDING": "Waits to be posted, or to be tried again.",
        "DELIVERED": "The receiver has accepted it.",
        "FAILED": "It was asked for once more, and not accepted; `lastError` says why.",
    },
)
