"""The refresh lock: one holder at a time, gone with its process however that ends."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipelines.lock import AnotherRefreshIsRunning, held

CHECKOUT = Path(__file__).resolve().parents[2]
HOLDER = """
import pathlib, sys
sys.path.insert(0, sys.argv[1])
from pipelines.lock import held
with held(pathlib.Path(sys.argv[2])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process(path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Let another process hold the lock."""
    arguments = [sys.executable, "-c", HOLDER, str(CHECKOUT), str(path)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "held"
        yield process
        if process.poll() is None:
            process.communicate()


def test_second_process_is_turned_away(tmp_path: Path) -> None:
    """The message names the process that holds the lock and says what to do."""
    path = tmp_path / "data" / ".refresh.lock"
    with another_process(path) as process:
        with pytest.raises(AnotherRefreshIsRunning, match=rf"process {process.pid}\).*wait for it to end"):
            held(path).__enter__()
        assert path.read_text(encoding="utf-8") == str(process.pid)
    with held(path):
        pass


def test_lock_ends_with_a_killed_process(tmp_path: Path) -> None:
    """A killed refresh leaves its lock file but no lock: the next one needs no repair by hand."""
    path = tmp_path / ".refresh.lock"
    with another_process(path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert path.is_file()
        with held(path):
            pass


def test_own_lock_is_not_taken_twice(tmp_path: Path) -> None:
    """A refresh's last step asks for the lock that its process holds; it stays held until the outer one ends."""
    path = tmp_path / ".refresh.lock"
    with held(path):
        with held(path):
            pass
        arguments = [sys.executable, "-c", HOLDER, str(CHECKOUT), str(path)]
        other = subprocess.run(arguments, input="", capture_output=True, text=True, check=False)
        assert "AnotherRefreshIsRunning" in other.stderr


def test_lock_ends_with_an_error(tmp_path: Path) -> None:
    """An error inside the refresh frees the lock."""
    path = tmp_path / ".refresh.lock"
    with pytest.raises(ValueError, match="planted"), held(path):
        raise ValueError("planted")
    with another_process(path):
        pass


def test_waiting_loser_does_not_disturb_the_holder(tmp_path: Path) -> None:
    """Being turned away does not overwrite the holder's process number, nor free its lock."""
    path = tmp_path / ".refresh.lock"
    with another_process(path) as process:
        for _ in range(2):
            with pytest.raises(AnotherRefreshIsRunning, match=str(process.pid)):
                held(path).__enter__()
