"""Letters as administrators see them, and which letters the viewer wants."""

import datetime as dt
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

import models
from resolvers import mails, users
from schema.context import Info
from schema.errors import ForbiddenError, InvalidInputError, NotFoundError
from schema.filters import DateTimeRange, which
from schema.node import Node
from schema.offboarding import Offboarding
from schema.selection import selection
from schema.user import User, Viewer


@strawberry.type(description="Letter to a user, on its way or delivered.")
class OutgoingMail(Node):
    kind: models.MailKind = strawberry.field(description="Which letter it is.")
    status: models.MailStatus = strawberry.field(description="How far it is.")
    recipient: User = strawberry.field(description="Person it is to.")
    sender: User | None = strawberry.field(
        description="Person who gave the task; null for reminders and digests."
    )
    offboarding: Offboarding | None = strawberry.field(
        description="Offboarding it tells of; null for a digest, or where it may not be seen."
    )
    day: dt.date | None = strawberry.field(
        description="Day on which the task is due, or that the digest is of; null for others."
    )
    attempts: int = strawberry.field(description="How often it has been tried.")
    last_error: str | None = strawberry.field(
        description="Why it failed, was dropped or still waits; null where nothing went wrong."
    )
    next_attempt_at: dt.datetime | None = strawberry.field(
        description="When it is tried next; null unless the status is QUEUED."
    )
    created_at: dt.datetime = strawberry.field(description="Timestamp of what it tells of.")
    sent_at: dt.datetime | None = strawberry.field(
        description="When the mail server accepted it; null unless the status is SENT."
    )


@strawberry.input(description=which("letters"))
class OutgoingMailFilter:
    status: list[models.MailStatus] | None = strawberry.field(
        default=strawberry.UNSET, description="With one of these statuses."
    )
    kind: list[models.MailKind] | None = strawberry.field(
        default=strawberry.UNSET, description="Of one of these kinds."
    )
    recipient_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="To this person."
    )
    offboarding_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="About this offboarding."
    )
    created_at: DateTimeRange | None = strawberry.field(
        default=strawberry.UNSET, description="Made in this period."
    )


@strawberry.input(description="Sending a letter again.")
class RedeliverMailInput:
    mail_id: strawberry.ID = strawberry.field(description="Letter that failed or was dropped.")


@strawberry.type(description="Success of `redeliverMail`.")
class RedeliverMailSuccess:
    mail_id: strawberry.Private[UUID]

    @strawberry.field(description="Letter, as it now waits to leave.")
    async def mail(self, info: Info) -> OutgoingMail:
        json = await mails.find(info.context.viewer, selection(info), self.mail_id)
        return cast("OutgoingMail", json)


RedeliverMailResult = Annotated[
    RedeliverMailSuccess | NotFoundError | ForbiddenError | InvalidInputError,
    strawberry.union("RedeliverMailResult", description="Outcome of `redeliverMail`."),
]


@strawberry.input(description="Which letters the viewer wants, and in which language.")
class SetMailPreferencesInput:
    language: models.Language | None = strawberry.field(
        default=strawberry.UNSET, description="Language of letters; absent or null: unchanged."
    )
    daily_digest: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether to send the daily digest of open tasks; absent or null: unchanged.",
    )

    def wanted(self) -> dict[str, Any]:
        """Return what is to be changed."""
        given = {"language": self.language, "daily_digest": self.daily_digest}
        return {name: v for name, v in given.items() if v is not None and v is not strawberry.UNSET}


@strawberry.type(description="Success of `setMailPreferences`.")
class SetMailPreferencesSuccess:
    @strawberry.field(description="The viewer, with the preferences as saved.")
    async def viewer(self, info: Info) -> Viewer:
        return cast("Viewer", await users.viewer(info.context.viewer, selection(info)))


SetMailPreferencesResult = Annotated[
    SetMailPreferencesSuccess | NotFoundError | ForbiddenError,
    strawberry.union("SetMailPreferencesResult", description="Outcome of `setMailPreferences`."),
]
