"""What access there can be, asked of the rules alone."""

from datetime import UTC, datetime

import pytest

from models import ClientAccess, InvalidInputError, Permission
from models.access import a_year_from, check_own_gives_no_access, email_in, text_in


@pytest.mark.parametrize(
    ("given", "kept"), [("a@b.example", "a@b.example"), (" A.B+c@D.Example ", "a.b+c@d.example")]
)
def test_keeps_an_address_in_small_letters(given: str, kept: str) -> None:
    assert email_in(given) == kept


@pytest.mark.parametrize("given", ["", "a", "a@b", "a@@b.example", "a@b.example, c@d.example"])
def test_takes_nothing_else_for_an_address(given: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        email_in(given)

    assert refusal.value.field == "email"


def test_takes_a_text_of_its_bounds() -> None:
    assert text_in("name", f" {'x' * 5} ", 5) == "xxxxx"
    for given in ("", " ", "x" * 6, "x\ny"):
        with pytest.raises(InvalidInputError):
            text_in("name", given, 5)


@pytest.mark.parametrize("access", ClientAccess)
@pytest.mark.parametrize("permission", Permission)
def test_lets_nobody_give_access_who_sees_their_own_clients_only(
    access: ClientAccess, permission: Permission
) -> None:
    if (access, permission) == (ClientAccess.OWN, Permission.USER_ADMIN):
        with pytest.raises(InvalidInputError):
            check_own_gives_no_access(access, [permission])
    else:
        check_own_gives_no_access(access, [permission])


def test_ends_a_token_after_a_year_at_most() -> None:
    assert a_year_from(datetime(2026, 6, 1, 12, tzinfo=UTC)) == datetime(2027, 6, 1, 12, tzinfo=UTC)
    assert a_year_from(datetime(2028, 2, 29, tzinfo=UTC)) == datetime(2029, 2, 28, tzinfo=UTC)
