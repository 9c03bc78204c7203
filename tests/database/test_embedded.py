"""The embedded PostgreSQL: started, shared, found again, and stopped by the last who needs it."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest

from database import EmbeddedError, embedded_postgresql
from settings import ROOT

OPTIONS: Final = "-c fsync=off"
# Another process that needs the server until its input ends.
HOLD: Final = """
import sys
from pathlib import Path
from database import embedded_postgresql
with embedded_postgresql(Path(sys.argv[1])) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Yield a folder that PostgreSQL's own user may come to own."""
    with tempfile.TemporaryDirectory(prefix="offboarding-tests-") as path:
        yield Path(path)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Path]:
    """Yield the folder of a server that has run before and does not run now."""
    with tempfile.TemporaryDirectory(prefix="offboarding-tests-") as path:
        with embedded_postgresql(Path(path), options=OPTIONS):
            pass
        yield Path(path)


@contextmanager
def holding(
    folder: Path, python: str = sys.executable, **how: Any
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Let another process need the server of a folder; yield it and the URL it was told."""
    with subprocess.Popen(  # noqa: S603 - our own interpreter and words
        [python, "-c", HOLD, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **how,
    ) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()


def postmaster(folder: Path) -> int:
    """Return the process id of the running server of a folder."""
    pid = int((folder / "postgresql" / "postmaster.pid").read_text().split()[0])
    assert runs(pid)
    return pid


def runs(pid: int) -> bool:
    """Return whether a process runs; one that has ended may wait for its parent a while."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return not Path("/proc/self").exists()


def sockets_of(url: str) -> Path:
    return Path(url.partition("host=")[2])


async def ask(url: str, sql: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_starts_stops_and_is_found_again_with_its_data(cluster: Path) -> None:
    with embedded_postgresql(cluster, options=OPTIONS) as url:
        first = postmaster(cluster)
        await ask(url, "create table kept as select 42 as answer")
    assert not runs(first)
    assert not (cluster / "postgresql" / "postmaster.pid").exists()

    with embedded_postgresql(cluster, options=OPTIONS) as url:
        second = postmaster(cluster)
        assert await ask(url, "select answer from kept") == 42
        await ask(url, "drop table kept")

    assert not runs(second)


async def test_is_a_postgresql_of_today_in_utf8_without_a_network(folder: Path) -> None:
    with embedded_postgresql(folder, options=OPTIONS) as url:
        assert int(await ask(url, "show server_version_num")) >= 180000
        assert await ask(url, "show server_encoding") == "UTF8"
        assert await ask(url, "show listen_addresses") == ""
        assert await ask(url, "show fsync") == "off"


def test_leaves_no_socket_folder_behind(cluster: Path) -> None:
    with embedded_postgresql(cluster, options=OPTIONS) as url:
        assert sockets_of(url).is_dir()

    assert not sockets_of(url).exists()


async def test_is_shared_and_stopped_by_the_last(cluster: Path) -> None:
    with holding(cluster) as (other, told):
        with embedded_postgresql(cluster) as url:
            assert url == told
            server = postmaster(cluster)
        assert runs(server)
        assert await ask(told, "select 1") == 1

        other.communicate()

        assert other.returncode == 0
        assert not runs(server)


async def test_outlives_the_one_who_started_it_while_another_needs_it(cluster: Path) -> None:
    with embedded_postgresql(cluster) as url:
        server = postmaster(cluster)
        with holding(cluster) as (other, _):
            other.communicate()
        assert await ask(url, "select 1") == 1

    assert not runs(server)


async def test_is_found_after_a_kill_and_stopped_in_the_end(cluster: Path) -> None:
    with holding(cluster) as (other, told):
        await ask(told, "create table kept as select 42 as answer")
        server = postmaster(cluster)
        other.kill()
        other.wait()
    assert runs(server)

    with embedded_postgresql(cluster) as url:
        assert url == told
        assert postmaster(cluster) == server
        assert await ask(url, "select answer from kept") == 42
        await ask(url, "drop table kept")

    assert not runs(server)


async def test_comes_back_with_its_data_after_everything_was_killed(cluster: Path) -> None:
    with holding(cluster) as (other, told):
        await ask(told, "create table kept as select 42 as answer")
        server = postmaster(cluster)
        pids = await ask(told, "select array_agg(pid) from pg_stat_activity")
        other.kill()
        kill_all([server, *pids])

    with embedded_postgresql(cluster) as url:
        assert not sockets_of(told).exists()
        assert postmaster(cluster) != server
        assert await ask(url, "select answer from kept") == 42
        await ask(url, "drop table kept")


def kill_all(pids: list[int]) -> None:
    """Kill processes and wait until they are gone, as after a power cut."""
    for pid in pids:
        with suppress(ProcessLookupError):  # of its own accord, without its parent
            os.kill(pid, signal.SIGKILL)
    while any(map(runs, pids)):
        pass


async def test_starts_where_a_stale_file_names_the_process_of_another(cluster: Path) -> None:
    sockets = cluster / "sockets"
    sockets.mkdir(exist_ok=True)
    (sockets / ".s.PGSQL.5432").touch()
    stale = f"{os.getpid()}\n{cluster}/postgresql\n1772442000\n5432\n{sockets}\n\n0 0\nready\n"
    (cluster / "postgresql" / "postmaster.pid").write_text(stale)

    with embedded_postgresql(cluster, options=OPTIONS) as url:
        assert postmaster(cluster) != os.getpid()
        assert await ask(url, "select 1") == 1


async def test_starts_afresh_where_the_first_start_was_cut_short(folder: Path) -> None:
    half = folder / "postgresql.new" / "base"
    half.mkdir(parents=True)
    (half / "junk").write_text("half a cluster")

    with embedded_postgresql(folder, options=OPTIONS) as url:
        assert await ask(url, "select 1") == 1

    assert not (folder / "postgresql.new").exists()


async def test_lives_in_a_folder_of_any_name(folder: Path) -> None:
    awkward = folder / 'Ada\'s "own" folder, ünder $HOME'

    with embedded_postgresql(awkward, options=OPTIONS) as url:
        await ask(url, "create table kept as select 42 as answer")
    with embedded_postgresql(awkward, options=OPTIONS) as url:
        assert await ask(url, "select answer from kept") == 42


async def test_lives_in_a_deep_folder(folder: Path) -> None:
    deep = folder / ("a" * 100) / ("b" * 100)

    with embedded_postgresql(deep, options=OPTIONS) as url:
        assert await ask(url, "select 1") == 1


async def test_says_why_it_cannot_start_and_can_once_that_is_mended(cluster: Path) -> None:
    version = cluster / "postgresql" / "PG_VERSION"
    good = version.read_text()
    version.write_text("9.6\n")

    with pytest.raises(EmbeddedError, match=r"9\.6"), embedded_postgresql(cluster):
        pytest.fail("it started")

    version.write_text(good)
    with embedded_postgresql(cluster) as url:
        assert await ask(url, "select 1") == 1


def owner_of(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


def python_of(how: Mapping[str, Any]) -> str:
    """Return an interpreter that another user may run, with our packages."""
    ours = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, ours):
        with suppress(OSError):
            done = subprocess.run(  # noqa: S603 - our own interpreter and words
                [python, "-c", "import database"], cwd="/", check=False, capture_output=True, **how
            )
            if done.returncode == 0:
                return python
    pytest.skip("this interpreter and checkout are closed to other users")


def test_says_what_it_cannot_use(folder: Path) -> None:
    path = folder / "data"
    path.write_text("a file, no folder")

    with pytest.raises(EmbeddedError) as error, embedded_postgresql(path):
        pytest.fail("it started")

    told = f"The folder {path} cannot hold a database: [Errno 17] File exists: '{path}'"
    assert str(error.value) == told
    assert path.read_text() == "a file, no folder"


@pytest.mark.skipif(os.geteuid() != 0, reason="every other test is run by an ordinary user")
async def test_runs_as_an_ordinary_user_too(folder: Path) -> None:
    user = pwd.getpwnam("nobody")
    shutil.chown(folder, user.pw_uid, user.pw_gid)
    packages = os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")])
    nobody: dict[str, Any] = {
        "user": user.pw_uid,
        "group": user.pw_gid,
        "extra_groups": [],
        "env": {"HOME": "/nowhere", "PYTHONPATH": packages, "PYTHONDONTWRITEBYTECODE": "1"},
    }

    with holding(folder, python_of(nobody), **nobody) as (other, url):
        assert await ask(url, "select current_user::text") == "postgres"
        server = postmaster(folder)
        assert owner_of(server) == user.pw_uid
        other.communicate()

    assert other.returncode == 0
    assert not runs(server)
