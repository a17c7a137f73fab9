"""One refresh at a time: an exclusive lock that ends with its process, however that ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_HELD: set[Path] = set()
"""Locks of this process: a refresh holds it throughout, and its last step asks for it again."""


class AnotherRefreshIsRunning(Exception):
    """A refresh holds the lock; this one must not start."""


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the refresh lock.

    Args:
        path: The lock file; it stays, only the lock goes. Held already by this process, it is not taken twice.

    Raises:
        AnotherRefreshIsRunning: Another process holds it; the message names the process.
    """
    if path in _HELD:
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as fault:
            holder = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
            raise AnotherRefreshIsRunning(
                f"another refresh is running (process {holder}); wait for it to end, or end it, and try again"
            ) from fault
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        _HELD.add(path)
        yield
    finally:
        _HELD.discard(path)
        os.close(descriptor)
