"""The mutations: one business action each; a refusal raised becomes a member of the result."""

from typing import Annotated, TypeVar

import strawberry

from resolvers import holdings, mails, offboardings
from schema.administration import AdministrationMutation
from schema.context import Info
from schema.ids import input_key
from schema.inputs import (
    AssignOffboardingInput,
    EndHoldingInput,
    ResolveOffboardingInput,
    SaveOffboardingInput,
    SetOffboardingStatusInput,
    StartPartyOffboardingInput,
    StartProductTerminationInput,
)
from schema.mail import (
    RedeliverMailInput,
    RedeliverMailResult,
    RedeliverMailSuccess,
    SetMailPreferencesInput,
    SetMailPreferencesResult,
    SetMailPreferencesSuccess,
)
from schema.results import (
    AssignOffboardingResult,
    AssignOffboardingSuccess,
    EndHoldingResult,
    EndHoldingSuccess,
    ResolveOffboardingResult,
    ResolveOffboardingSuccess,
    SaveOffboardingResult,
    SaveOffboardingSuccess,
    SetOffboardingStatusResult,
    SetOffboardingStatusSuccess,
    StartPartyOffboardingResult,
    StartPartyOffboardingSuccess,
    StartProductTerminationResult,
    StartProductTerminationSuccess,
)
from schema.selection import selection_within
from schema.webhooks import WebhookMutations

T = TypeVar("T")

Input = Annotated[T, strawberry.argument(description="What is to be done.")]


@strawberry.type(description="What can be done.")
class Mutation(AdministrationMutation, WebhookMutations):
    @strawberry.mutation(description="Start the offboarding of a party.")
    async def start_party_offboarding(
        self, info: Info, input: Input[StartPartyOffboardingInput]
    ) -> StartPartyOffboardingResult:
        viewer = info.context.viewer
        id = await offboardings.start_party(
            viewer, input_key(input.party_id, "Party"), input.edit()
        )
        return StartPartyOffboardingSuccess(offboarding_id=id)

    @strawberry.mutation(description="Start the termination of a product.")
    async def start_product_termination(
        self, info: Info, input: Input[StartProductTerminationInput]
    ) -> StartProductTerminationResult:
        viewer = info.context.viewer
        id = await offboardings.start_product(
            viewer, input_key(input.product_id, "Product"), input.edit()
        )
        return StartProductTerminationSuccess(offboarding_id=id)

    @strawberry.mutation(
        description="Save changes of an offboarding: everything at once or nothing."
    )
    async def save_offboarding(
        self, info: Info, input: Input[SaveOffboardingInput]
    ) -> SaveOffboardingResult:
        id = input_key(input.offboarding_id, "Offboarding")
        shown = selection_within(info, "SaveOffboardingSuccess", "offboarding")
        saved = await offboardings.save(info.context.viewer, id, input.edit(), shown)
        return SaveOffboardingSuccess(offboarding_id=saved.id, shown=saved.shown)

    @strawberry.mutation(description="Move an offboarding to another status than DONE.")
    async def set_offboarding_status(
        self, info: Info, input: Input[SetOffboardingStatusInput]
    ) -> SetOffboardingStatusResult:
        id = input_key(input.offboarding_id, "Offboarding")
        shown = selection_within(info, "SetOffboardingStatusSuccess", "offboarding")
        saved = await offboardings.set_status(info.context.viewer, id, input.edit(), shown)
        return SetOffboardingStatusSuccess(offboarding_id=saved.id, shown=saved.shown)

    @strawberry.mutation(
        description="Give an offboarding to a colleague, who is mailed, or to nobody."
    )
    async def assign_offboarding(
        self, info: Info, input: Input[AssignOffboardingInput]
    ) -> AssignOffboardingResult:
        id = input_key(input.offboarding_id, "Offboarding")
        saved = await offboardings.assign(info.context.viewer, id, input.edit())
        return AssignOffboardingSuccess(offboarding_id=saved.id)

    @strawberry.mutation(description="Set an offboarding to DONE; this cannot be undone.")
    async def resolve_offboarding(
        self, info: Info, input: Input[ResolveOffboardingInput]
    ) -> ResolveOffboardingResult:
        id = input_key(input.offboarding_id, "Offboarding")
        saved = await offboardings.resolve(info.context.viewer, id, input.edit())
        return ResolveOffboardingSuccess(offboarding_id=saved.id)

    @strawberry.mutation(description="End a holding: a party leaves a product.")
    async def end_holding(self, info: Info, input: Input[EndHoldingInput]) -> EndHoldingResult:
        party, product = input_key(input.party_id, "Party"), input_key(input.product_id, "Product")
        id = await holdings.end(info.context.viewer, party, product, input.ended_on or None)
        return EndHoldingSuccess(holding_id=id, party_id=party)

    @strawberry.mutation(
        description="Send a letter again that failed or was dropped; needs USER_ADMIN."
    )
    async def redeliver_mail(
        self, info: Info, input: Input[RedeliverMailInput]
    ) -> RedeliverMailResult:
        id = await mails.redeliver(info.context.viewer, input_key(input.mail_id, "OutgoingMail"))
        return RedeliverMailSuccess(mail_id=id)

    @strawberry.mutation(description="Choose which letters to get, and in which language.")
    async def set_mail_preferences(
        self, info: Info, input: Input[SetMailPreferencesInput]
    ) -> SetMailPreferencesResult:
        await mails.set_preferences(info.context.viewer, input.wanted())
        return SetMailPreferencesSuccess()
