"""Downloads of several sources at once: publishers that do not answer are waited for together, not one by one."""

import queue
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assets import snapshots
from assets.source import Recognised, Source
from assets.transport import Transport, TransportError

WORKERS = 12
"""Most downloads at one time; they wait on the network far more than they work."""

SECONDS = 300.0
"""Longest time that all downloads together may take; a source that is not there by then counts as unreachable."""


@dataclass
class _Job:
    source: Source
    done: threading.Event = field(default_factory=threading.Event)
    found: Recognised | None = None
    fault: Exception | None = None


class Downloads:
    """The live releases of several sources, looked for at the same time and handed over one by one.

    Every source has a transport and a folder of its own. Nothing is kept here: who takes a release keeps it before
    `close`, which removes the folders. A download that is still running then is left to its thread, which ends with
    the process.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        root: Path,
        transport: Callable[[], Transport | None],
        workers: int = WORKERS,
        seconds: float = SECONDS,
    ) -> None:
        """Start looking.

        Args:
            sources: Modules of the sources; those that no script may fetch are left out.
            root: Folder of all snapshots, for what is known of each source's newest live release.
            transport: Makes the means to download; where it gives None, nothing is looked for.
            workers: Most downloads at one time.
            seconds: Longest time for all of them together.
        """
        self._seconds = seconds
        self._end = time.monotonic() + seconds
        self._folder = tempfile.TemporaryDirectory(prefix="hre-", ignore_cleanup_errors=True)
        self._jobs: dict[str, _Job] = {}
        waiting: queue.SimpleQueue[tuple[_Job, Transport]] = queue.SimpleQueue()
        for source in sources:
            client = transport() if source.CARD.automated else None
            if client is not None:
                self._jobs[source.CARD.id] = _Job(source)
                waiting.put((self._jobs[source.CARD.id], client))
        for _ in range(min(workers, len(self._jobs))):
            threading.Thread(target=self._work, args=(waiting, root), daemon=True).start()

    def _work(self, waiting: "queue.SimpleQueue[tuple[_Job, Transport]]", root: Path) -> None:
        while time.monotonic() < self._end:
            try:
                job, client = waiting.get_nowait()
            except queue.Empty:
                return
            source_id = job.source.CARD.id
            try:
                marks = snapshots.validators(snapshots.kept(root, source_id))
                folder = Path(self._folder.name) / source_id
                folder.mkdir()
                job.found = job.source.fetch(client, marks, folder)
            except Exception as fault:
                # Whoever takes it raises it, in a thread where somebody listens.
                job.fault = fault
            finally:
                job.done.set()

    def has(self, source_id: str) -> bool:
        """Say whether a source is, or was, looked for here."""
        return source_id in self._jobs

    def take(self, source_id: str) -> Recognised | None:
        """Wait for a source's release and give it; None where nothing changed.

        Raises:
            TransportError: The server cannot be reached, or all the time is over.
            SourceRefused: What it gave is not the source's table.
        """
        job = self._jobs[source_id]
        if not job.done.wait(max(self._end - time.monotonic(), 0.0)):
            raise TransportError(
                f"{source_id}: expected its release within {self._seconds:g} seconds for all sources together, found "
                "it unfinished. Try again later, or refresh this source alone."
            )
        if job.fault is not None:
            raise job.fault
        return job.found

    def close(self) -> None:
        """Remove the folders."""
        self._end = 0.0
        self._folder.cleanup()
