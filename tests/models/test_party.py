"""How a party ends."""

from datetime import UTC, date, datetime

from uuid_utils.compat import uuid7

from models import Party, PartyStatus, PartyType


def test_becomes_offboarded_with_closer_time_and_retention() -> None:
    party = Party(organisation_id=uuid7(), type=PartyType.LEGAL_ENTITY, name="A", reference="1")
    closer, at, until = uuid7(), datetime(2026, 3, 9, 16, 30, tzinfo=UTC), date(2031, 3, 9)

    party.close(closer, at, until)

    assert party.has_ended
    assert party.status is PartyStatus.OFFBOARDED
    assert (party.offboarded_by_id, party.offboarded_at) == (closer, at)
    assert party.retention_until == until


def test_is_active_from_the_start() -> None:
    party = Party(organisation_id=uuid7(), type=PartyType.LEGAL_ENTITY, name="A", reference="1")

    assert not party.has_ended
    assert party.listed
    assert party.offboarded_at is None
