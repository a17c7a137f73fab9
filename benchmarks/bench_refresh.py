"""How long a refresh takes and how much memory it needs: on an empty home, and again with nothing changed.

Each refresh is a process of its own, as ``hre refresh --offline`` is. Files in a folder given with ``--drop`` are
dropped in first, one folder for each source::

    python benchmarks/bench_refresh.py
    python benchmarks/bench_refresh.py --drop ~/downloads/drop --repeats 3

To reach, on two cores: 15 s and 1.5 GiB for the first, half of its time for the second.
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
SECONDS_ALLOWED, GIB_ALLOWED, SECOND_RUN_SHARE_ALLOWED = 15.0, 1.5, 0.5
GIB = 1024**3

_REFRESH = """
import pathlib, sys
sys.path.insert(0, sys.argv[1])
from pipelines.refresh import refresh
from pipelines.settings import Settings
outcome = refresh(Settings(home=pathlib.Path(sys.argv[2]), checkout=pathlib.Path(sys.argv[1])), offline=True)
print("changed " if not outcome.unchanged else "", outcome.message, sep="")
sys.exit(outcome.exit_code)
"""


@dataclass(frozen=True)
class Run:
    """One refresh as it was measured."""

    seconds: float
    peak_bytes: int
    exit_code: int
    message: str


def measure(home: Path) -> Run:
    """Refresh a home in a new process and measure it from outside, interpreter and imports included.

    Args:
        home: Where the refresh works.
    """
    # The peak of all children only ever grows: a process in between has the refresh as its only child.
    reader, writer = os.pipe()
    between = os.fork()
    if between == 0:
        os.close(reader)
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", _REFRESH, str(CHECKOUT), str(home)], capture_output=True, text=True, check=False
        )
        seconds = time.monotonic() - began
        # Linux counts this peak in KiB, macOS in bytes.
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        last = (done.stdout.strip() or done.stderr.strip() or "nothing said").splitlines()[-1]
        os.write(writer, f"{seconds} {peak} {done.returncode} {last[:500]}".encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        seconds, peak, code, message = stream.read().split(" ", 3)
    os.waitpid(between, 0)
    return Run(float(seconds), int(peak), int(code), message)


def pair(drop: Path | None) -> tuple[Run, Run]:
    """Measure a refresh of an empty home and a second one with nothing changed.

    Args:
        drop: Folder with files to drop in, one folder for each source; None for the figures alone.
    """
    with tempfile.TemporaryDirectory(prefix="hre-bench-") as folder:
        home = Path(folder)
        if drop is not None:
            shutil.copytree(drop, home / "data" / "drop")
        first = measure(home)
        if first.exit_code not in (0, 3):
            sys.exit(f"expected a publication, found exit code {first.exit_code}: {first.message}")
        second = measure(home)
        if second.message.startswith("changed"):
            sys.exit("expected nothing to change between the two, found that something did: leave the code alone")
        return first, second


def main() -> None:
    """Measure and print; the best of the repeats says what the code needs, the median what to expect."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drop", type=Path, help="folder with files to drop in, one folder for each source")
    parser.add_argument("--repeats", type=int, default=1, help="how many times to measure both (default 1)")
    arguments = parser.parse_args()
    if arguments.drop is not None and not arguments.drop.is_dir():
        parser.error(f"expected a folder, found none at {arguments.drop}")
    pairs = [pair(arguments.drop) for _ in range(arguments.repeats)]
    print(f"{'':22}{'best s':>8}{'median s':>10}{'peak GiB':>10}{'exit':>6}  message")
    best = []
    for name, runs in zip(("first, empty home", "second, unchanged"), zip(*pairs, strict=True), strict=True):
        seconds = [run.seconds for run in runs]
        peak = max(run.peak_bytes for run in runs) / GIB
        best.append((min(seconds), peak))
        print(
            f"{name:22}{min(seconds):8.2f}{statistics.median(seconds):10.2f}{peak:10.2f}{runs[-1].exit_code:6d}"
            f"  {runs[-1].message.removeprefix('changed ')}"
        )
    share = best[1][0] / best[0][0]
    print(f"second over first: {share:.2f}")
    reached = {
        f"first in {SECONDS_ALLOWED:.0f} s": best[0][0] <= SECONDS_ALLOWED,
        f"peak in {GIB_ALLOWED} GiB": max(peak for _, peak in best) <= GIB_ALLOWED,
        f"second in {SECOND_RUN_SHARE_ALLOWED:.0%} of first": share <= SECOND_RUN_SHARE_ALLOWED,
    }
    print(", ".join(f"{goal}: {'yes' if yes else 'NO'}" for goal, yes in reached.items()))


if __name__ == "__main__":
    main()
