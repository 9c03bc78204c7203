"""Why relationships end in the demo, with what somebody noted."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Final

from models import Party, PartyType, Product, TerminationReason

Note = tuple[TerminationReason | None, str | None]

_ANYBODY: Final[Sequence[Note]] = (
    (None, None),
    (None, "Please call before anything is sent."),
    (TerminationReason.CLIENT_REQUEST, "Moves to another bank; the signed form is in the file."),
    (TerminationReason.INACTIVE, None),
    (TerminationReason.FIRM_DECISION, "Documents asked for three times, no answer."),
    (TerminationReason.RISK_OR_SANCTIONS, "Hit on a sanctions list; compliance has the case."),
)

_NOTES: Final[Mapping[PartyType, Sequence[Note]]] = {
    PartyType.NATURAL_PERSON: (
        *_ANYBODY,
        (TerminationReason.DEATH, "Certificate of inheritance received on paper."),
        (TerminationReason.DEATH, None),
    ),
    PartyType.LEGAL_ENTITY: (
        *_ANYBODY,
        (TerminationReason.DISSOLUTION, "Struck off the register; extract attached."),
        (TerminationReason.INSOLVENCY, "The trustee wants the balance paid out."),
        (TerminationReason.STRUCTURE_CHANGE, "Merged into its parent company."),
    ),
    PartyType.NATURAL_PERSON_GROUP: (
        *_ANYBODY,
        (TerminationReason.STRUCTURE_CHANGE, "Separated; each goes on alone."),
    ),
}

_PRODUCT_NOTES: Final[Sequence[Note]] = (
    (None, None),
    (TerminationReason.CLIENT_REQUEST, "Balance to the account given in the letter."),
    (TerminationReason.CLIENT_REQUEST, None),
    (TerminationReason.INACTIVE, "No transaction for two years."),
    (TerminationReason.OTHER, "Replaced by a newer product."),
)


def reason_for(subject: Party | Product, chance: Random) -> Note:
    """Draw a reason and a comment that fit a subject; either may be missing."""
    notes = _PRODUCT_NOTES if isinstance(subject, Product) else _NOTES[subject.type]
    return chance.choice(notes)
