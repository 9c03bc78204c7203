import pytest

from auth import viewer_of
from models import Activity, ApiToken
from tests.cli.process import Cli
from tests.factories import make_organisation, make_token, make_user


@pytest.mark.usefixtures("database")
async def test_prints_a_token_that_is_good_and_nothing_else(cli_anew: Cli) -> None:
    user = await make_user(email="anna@example.com")

    finished = cli_anew("token", " Anna@Example.com ")

    assert finished.returncode == 0
    assert finished.stderr == ""
    (token,) = finished.stdout.splitlines()
    viewer = await viewer_of(f"Bearer {token}")
    assert viewer.user_id == user.id
    row = await ApiToken.get()
    assert row.name == "Command line"
    assert token not in (row.name, row.hash)


@pytest.mark.usefixtures("database")
async def test_gives_a_token_its_name_and_its_days(cli: Cli) -> None:
    await make_user(email="anna@example.com")

    finished = cli("token", "anna@example.com", "--days", "7", "--name", "Nightly report")

    assert finished.returncode == 0
    row = await ApiToken.get()
    assert row.name == "Nightly report"
    assert round((row.expires_at - row.created_at).total_seconds() / 86_400, 3) == 7


@pytest.mark.usefixtures("database")
async def test_makes_no_token_for_somebody_unknown(cli: Cli) -> None:
    await make_user(email="anna@example.com")

    finished = cli("token", "ann@example.com")

    assert finished.returncode == 1
    assert finished.stdout == ""
    assert finished.stderr == "There is no user with the e-mail address ann@example.com.\n"
    assert await ApiToken.all().count() == 0


@pytest.mark.usefixtures("database")
async def test_makes_no_token_for_somebody_disabled(cli: Cli) -> None:
    await make_user(email="anna@example.com", enabled=False)

    finished = cli("token", "anna@example.com")

    assert finished.returncode == 1
    assert finished.stdout == ""
    assert finished.stderr == "The user with the e-mail address anna@example.com is disabled.\n"
    assert await ApiToken.all().count() == 0


@pytest.mark.usefixtures("database")
async def test_asks_which_organisation_is_meant(cli: Cli) -> None:
    for name in ("North", "South"):
        bank = await make_organisation(name)
        await make_user(organisation=bank, email="anna@example.com")

    finished = cli("token", "anna@example.com")

    assert finished.returncode == 1
    assert finished.stdout == ""
    assert finished.stderr == (
        "anna@example.com is known to North and South: choose one with --organisation.\n"
    )
    assert await ApiToken.all().count() == 0


@pytest.mark.usefixtures("database")
async def test_takes_the_user_of_the_organisation_that_is_named(cli: Cli) -> None:
    north, south = await make_organisation("North"), await make_organisation("South")
    await make_user(organisation=north, email="anna@example.com")
    wanted = await make_user(organisation=south, email="anna@example.com")

    finished = cli("token", "anna@example.com", "--organisation", "South")
    elsewhere = cli("token", "anna@example.com", "--organisation", "West")

    viewer = await viewer_of(f"Bearer {finished.stdout.strip()}")
    assert viewer.user_id == wanted.id
    assert viewer.organisation_id == south.id
    assert elsewhere.returncode == 1
    assert elsewhere.stderr == (
        "There is no user of West with the e-mail address anna@example.com.\n"
    )
    assert await ApiToken.all().count() == 1


@pytest.mark.usefixtures("database")
async def test_limits_a_token_and_tells_the_log(cli: Cli) -> None:
    user = await make_user(email="anna@example.com", groups=["Officer"])

    finished = cli(
        "token", "anna@example.com", "--scope", "client_file_read", "--scope", "USER_ADMIN"
    )

    assert finished.returncode == 0
    viewer = await viewer_of(f"Bearer {finished.stdout.strip()}")
    assert viewer.permissions == {"CLIENT_FILE_READ"}
    (entry,) = await Activity.all()
    assert (entry.kind, entry.actor_id, entry.user_id) == ("API_TOKEN_CREATED", None, user.id)
    changes = {change["field"]: change["after"] for change in entry.changes}
    assert changes["scopes"] == "CLIENT_FILE_READ, USER_ADMIN"


@pytest.mark.usefixtures("database")
async def test_makes_no_token_that_is_good_for_more_than_a_year(cli: Cli) -> None:
    await make_user(email="anna@example.com")

    finished = cli("token", "anna@example.com", "--days", "366")

    assert finished.returncode == 2
    assert await ApiToken.all().count() == 0


@pytest.mark.usefixtures("database")
async def test_lists_and_revokes_tokens(cli: Cli, cli_anew: Cli) -> None:
    user = await make_user(email="anna@example.com")
    await make_token(user, name="Nightly", scopes=["CLIENT_FILE_READ"])
    secret = await make_token(user, name="Old")
    old = await ApiToken.get(name="Old")
    await viewer_of(f"Bearer {secret}")

    listed = cli_anew("tokens", "anna@example.com")
    first = cli_anew("revoke-token", str(old.id))
    second = cli("revoke-token", str(old.id))
    relisted = cli("tokens", "anna@example.com")
    unknown = cli("revoke-token", str(user.id))

    lines = listed.stdout.splitlines()
    assert [line.rpartition("  ")[2] for line in lines] == ["Old", "Nightly"]
    assert lines[0].startswith(f"{old.id}  until ")
    assert "  used 20" in lines[0]
    assert "  all permissions  " in lines[0]
    assert "  never used  CLIENT_FILE_READ  " in lines[1]
    assert secret not in listed.stdout
    assert first.stdout == "The token is revoked.\n"
    assert second.stdout == "The token was revoked before; nothing was changed.\n"
    assert relisted.stdout.startswith(f"{old.id}  revoked  ")
    assert (unknown.returncode, unknown.stderr) == (
        1,
        "There is no such token; list those of a user.\n",
    )
    assert [entry.kind for entry in await Activity.all()] == ["API_TOKEN_REVOKED"]
