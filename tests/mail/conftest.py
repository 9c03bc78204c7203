"""What all letters of these tests share."""

import pytest

from mail import Letterhead


@pytest.fixture
def letterhead() -> Letterhead:
    return Letterhead(
        "Offboarding",
        "offboarding@bank.example",
        "https://bank.example/tasks/{id}",
        "https://offboarding.bank.example",
    )
