"""Models without a database: rules are plain functions of rows."""

import pytest
from tortoise.context import TortoiseContext

from settings import TORTOISE_ORM


@pytest.fixture(scope="session", autouse=True)
async def _know_the_models() -> None:
    # A model has its foreign keys' columns only once Tortoise has been told of all models.
    await TortoiseContext().init(config=TORTOISE_ORM, init_connections=False)
