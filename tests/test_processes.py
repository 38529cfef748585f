import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from redis import Redis

from nurture_worker.house.processes import (
    SOCKET_PATH_BYTES,
    check_port,
    environment,
    free_port,
    processes_of,
    redis_server,
    up,
)
from tracker.settings import Settings, read_settings

SLEEP = "import time; time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\nNOTE\n" + SLEEP
# A worker's forked child moves to a process group of its own, as RQ's does.
WITH_A_CHILD = """
    import os, pathlib, time
    if os.fork() == 0:
        os.setpgrp()
    pathlib.Path(f"pids/{NAME}-{os.getpid()}").touch()
    time.sleep(600)
"""


class Run:
    """A supervisor in a process of its own, over small children of a test's making."""

    def __init__(self, folder: Path, grace: float = 10.0, **children: str) -> None:
        self.folder = folder
        (folder / "pids").mkdir(parents=True, exist_ok=True)
        listed = []
        for name, code in children.items():
            note = "import os, pathlib; pathlib.Path(f'pids/{NAME}-{os.getpid()}').touch()"
            code = textwrap.dedent(code)
            if "NOTE" not in code and name != "never_ready":
                code = f"NOTE\n{code}"
            code = f"NAME = {name!r}\n" + code.replace("NOTE", note)
            listed.append((name, code))
        driver = textwrap.dedent(f"""
            import os, sys
            from pathlib import Path
            from nurture_worker.house.processes import locked
            from nurture_worker.house.supervisor import Process, supervise
            os.chdir({str(folder)!r})
            children = [
                Process(
                    name, [sys.executable, "-u", "-c", code], os.environ, grace={grace},
                    ready=lambda name=name: any(Path("pids").glob(name + "-*")),
                    start_within=2 if name == "never_ready" else 30,
                )
                for name, code in {listed!r}
            ]
            with locked(Path("data")) as lock:
                code = supervise(children, lambda: print("READY", flush=True), lock)
            sys.exit(code)
        """)
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", driver],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def pids(self, name: str = "") -> list[int]:
        """Every process that ever started, by its own note."""
        notes = (self.folder / "pids").glob(f"{name}*-*")
        return sorted(int(note.name.rpartition("-")[2]) for note in notes)

    def ready(self) -> "Run":
        until(lambda: "READY" in self.said(), self.said)
        return self


def until(true: Callable[[], object], explain: Callable[[], object] = str) -> None:
    deadline = time.monotonic() + 15
    while not true():
        assert time.monotonic() < deadline, explain()
        time.sleep(0.02)


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    try:
        return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    started: list[Run] = []

    def start(**children: str) -> Run:
        started.append(Run(tmp_path, **children))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.wait()
        for pid in one.pids():
            if lives(pid):
                os.kill(pid, signal.SIGKILL)


def test_a_killed_child_is_started_again(run: Callable[..., Run]) -> None:
    it = run(steady=SLEEP, unlucky=SLEEP).ready()
    (steady,) = it.pids("steady")
    (first,) = it.pids("unlucky")
    os.kill(first, signal.SIGKILL)
    until(lambda: len(it.pids("unlucky")) == 2, it.said)
    assert "unlucky が終了しました（シグナル 9 SIGKILL）。0.5秒後に起動し直します" in it.said()
    assert it.pids("steady") == [steady]
    assert lives(steady)


def test_a_child_that_keeps_failing_is_given_longer_and_longer_pauses(
    run: Callable[..., Run],
) -> None:
    it = run(broken="import sys, time; time.sleep(.3); print('no luck'); sys.exit(3)").ready()
    until(lambda: "2秒後" in it.said(), it.said)
    said = it.said()
    assert said.index("（終了コード 3）。0.5秒後") < said.index("。1秒後") < said.index("。2秒後")
    assert "broken    │ no luck" in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_leaves_no_process(run: Callable[..., Run], number: signal.Signals) -> None:
    it = run(first=SLEEP, second=WITH_A_CHILD).ready()
    until(lambda: len(it.pids("second")) == 2)
    it.process.send_signal(number)
    assert it.process.wait(10) == 0
    assert [pid for pid in it.pids() if lives(pid)] == []


def test_a_child_that_ignores_the_wish_to_stop_is_killed_after_its_grace(
    run: Callable[..., Run],
) -> None:
    it = run(grace=0.5, stubborn=STUBBORN).ready()
    since = time.monotonic()
    it.process.terminate()
    assert it.process.wait(10) == 0
    assert time.monotonic() - since >= 0.5
    assert [pid for pid in it.pids() if lives(pid)] == []


def test_a_second_ctrl_c_does_not_wait_for_the_grace(run: Callable[..., Run]) -> None:
    it = run(grace=60, stubborn=STUBBORN).ready()
    it.process.send_signal(signal.SIGINT)
    until(lambda: "stubborn の終了を待っています" in it.said())
    it.process.send_signal(signal.SIGINT)
    assert it.process.wait(10) == 0
    assert [pid for pid in it.pids() if lives(pid)] == []


def test_children_end_in_the_reverse_order_of_their_start(run: Callable[..., Run]) -> None:
    farewell = """
        import signal, sys, time
        def bye(*_):
            print("bye"); sys.exit()
        signal.signal(signal.SIGTERM, bye)
        NOTE
        time.sleep(600)
    """
    it = run(one=farewell, two=farewell, three=farewell).ready()
    it.process.terminate()
    it.process.wait(10)
    byes = [line.split()[0] for line in it.said().splitlines() if line.endswith("bye")]
    assert byes == ["three", "two", "one"]


def test_killing_the_supervisor_leaves_no_orphan(run: Callable[..., Run]) -> None:
    it = run(grace=0.5, first=STUBBORN, second=WITH_A_CHILD).ready()
    until(lambda: len(it.pids("second")) == 2)
    assert all(lives(pid) for pid in it.pids())
    it.process.kill()
    until(lambda: not any(lives(pid) for pid in it.pids()))


def test_killing_what_holds_a_child_leaves_no_orphan(run: Callable[..., Run]) -> None:
    it = run(held=WITH_A_CHILD).ready()
    until(lambda: len(it.pids()) == 2)
    before = it.pids()
    os.kill(os.getsid(before[0]), signal.SIGKILL)
    until(lambda: len(it.pids()) == 4, it.said)
    assert not any(lives(pid) for pid in before)


@pytest.mark.parametrize(
    ("code", "reason"),
    [("raise SystemExit(7)", "（終了コード 7）"), (SLEEP, "2秒たっても応答しません")],
    ids=["ended", "silent"],
)
def test_what_cannot_start_is_told_and_ends_the_rest(
    run: Callable[..., Run], code: str, reason: str
) -> None:
    it = run(good=SLEEP, never_ready=code)
    assert it.process.wait(15) == 1
    assert "never_ready が" in it.said()
    assert reason in it.said()
    assert "READY" not in it.said()
    assert len(it.pids("good")) == 1
    assert not lives(it.pids("good")[0])


def test_a_second_run_on_the_same_data_is_refused(
    run: Callable[..., Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    it = run(only=SLEEP).ready()
    with socket.create_server(("127.0.0.1", 0)) as same_port:
        port = same_port.getsockname()[1]
        assert up(Settings(data=tmp_path / "data", port=port), unwanted) == 1
    (sentence,) = capsys.readouterr().err.splitlines()
    assert "もう ./run が動いています" in sentence
    assert str(it.process.pid) in sentence


def test_a_run_after_a_killed_one_waits_for_the_old_children(run: Callable[..., Run]) -> None:
    it = run(grace=60, slow=STUBBORN).ready()
    (old,) = it.pids()
    it.process.kill()
    it.process.wait()
    next_one = run(slow=SLEEP)
    until(lambda: "前に動いていたプロセスの終了を待っています" in next_one.said(), next_one.said)
    assert next_one.pids() == [old]
    os.kill(old, signal.SIGKILL)
    until(lambda: len(next_one.pids()) == 2, next_one.said)


def unwanted() -> str:
    raise AssertionError("nothing is prepared where nothing can start")


def test_a_taken_port_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert up(Settings(data=tmp_path / "data", port=port), unwanted) == 1
    (sentence,) = capsys.readouterr().err.splitlines()
    assert f"ポート{port}は" in sentence
    assert "SODATE_PORT=" in sentence


def test_a_port_just_left_by_another_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        accepted, _ = server.accept()
        accepted.close()
        client.close()
    check_port("127.0.0.1", port)


def test_an_address_of_another_machine_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert up(Settings(data=tmp_path, host="192.0.2.1", port=free_port()), unwanted) == 1
    (sentence,) = capsys.readouterr().err.splitlines()
    assert "SODATE_HOST" in sentence


def test_an_unwritable_data_folder_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert up(Settings(data=tmp_path / "file" / "data", port=free_port()), unwanted) == 1
    (sentence,) = capsys.readouterr().err.splitlines()
    assert "書き込めません" in sentence
    assert "SODATE_DATA" in sentence


def test_production_without_a_mail_server_does_not_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(data=tmp_path, port=free_port(), env="production")
    assert up(settings, unwanted) == 1
    assert "SODATE_SMTP_URL" in capsys.readouterr().err


def test_the_data_folder_is_its_owners_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> str:
        raise KeyboardInterrupt

    assert up(Settings(data=tmp_path / "data", port=free_port()), fail) == 130
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_the_children_read_the_same_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("here").mkdir()
    settings = Settings(data=Path("here"), port=8123, day_seconds=20, report_to="a@example.jp")
    children, told = processes_of(settings, lambda: tmp_path)
    worker = next(child for child in children if child.name == "worker")
    for name in [name for name in os.environ if name.startswith("SODATE_")]:
        monkeypatch.delenv(name)
    for name, value in worker.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir("/")
    assert read_settings() == told.model_copy(update={"data": tmp_path / "here", "root": tmp_path})


def test_servers_of_ones_own_are_used_and_not_started(tmp_path: Path) -> None:
    settings = Settings(
        data=tmp_path, redis_url="redis://cache:6379/1", smtp_url="smtp://relay:587"
    )
    children, _ = processes_of(settings, lambda: tmp_path)
    assert [child.name for child in children] == ["tracker", "worker", "scheduler"]
    assert children[0].env["SODATE_REDIS_URL"] == "redis://cache:6379/1"
    assert children[0].env["SODATE_SMTP_URL"] == "smtp://relay:587"


def test_an_empty_setting_is_left_out_of_the_environment() -> None:
    assert "SODATE_SMTP_URL" not in environment(Settings(smtp_url=""))


@pytest.mark.parametrize("depth", ["フォルダー", "x" * SOCKET_PATH_BYTES])
def test_redis_keeps_what_it_was_given_over_a_restart(tmp_path: Path, depth: str) -> None:
    data = tmp_path / depth
    data.mkdir()

    def short_folder() -> Path:
        (tmp_path / "s").mkdir(exist_ok=True)
        return tmp_path / "s"

    for expected in (None, b"kept"):
        with ExitStack() as scratch:
            process, url = redis_server(data, short_folder, os.environ)
            assert process.ready is not None
            assert not process.ready()
            server = subprocess.Popen(process.argv)
            scratch.callback(server.wait)
            scratch.callback(server.terminate)
            until(process.ready)
            with Redis.from_url(url) as client:
                assert client.get("key") == expected
                client.set("key", b"kept")
