"""The run folder: what a run has finished, and who is at work in it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, time
from typing import Any

from filelock import FileLock, Timeout

from jaxrepsim.errors import InputError, said_of
from jaxrepsim.files import is_temporary, write_text
from jaxrepsim.pipeline.config import RunConfig
from jaxrepsim.pipeline.config_file import differences, from_plain, to_plain
from jaxrepsim.pipeline.parts import AnalysisConfig
from jaxrepsim.pipeline.progress import Note, unheard

FORMAT = 2
"""Grows when the layout of a run folder changes in a way that older versions cannot read."""

STALE = 3600.0
"""Seconds after which a half-written figure or table has no writer any more."""

LATER = ("data.workers", "sampling.", "alignment.", *(f"{part}." for part in AnalysisConfig().parts))
"""Settings that may change when there are results: results are kept apart by those of them that they depend on."""


class RunFolder:
    """Paths of a run folder. A file that is there is whole: everything is written atomically.

    Args:
        path: Of the folder.
        note: Told of each stage as it is finished.
    """

    def __init__(self, path: Path, note: Note = unheard) -> None:
        self.path, self.note = path, note
        # The settings, as JSON; its presence makes a folder a run folder.
        self.record = path / "run.json"
        self.checkpoints = path / "checkpoints"
        # Long tables, for other programs.
        self.tables = path / "results"
        # What is done of each part; see `jaxrepsim.pipeline.analysis`.
        self.parts = self.tables / "parts"
        self.results = self.tables / "results.nc"
        self.figures = path / "figures"
        self.report = path / "report.html"

    def activations(self, seed: int) -> Path:
        """The compressed activations of one network, all layers."""
        return self.path / "activations" / f"seed_{seed}.safetensors"

    @property
    def timings(self) -> dict[str, float]:
        """Seconds that each stage and part has taken, all sittings of an interrupted run together."""
        file = self.path / "timings.json"
        return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Adds the block's wall-clock time to the stage's, also where the block fails."""
        start = perf_counter()
        try:
            yield
        finally:
            timings = self.timings
            seconds = perf_counter() - start
            timings[stage] = round(timings.get(stage, 0.0) + seconds, 3)
            write_text(self.path / "timings.json", json.dumps(timings, indent=2) + "\n")
        self.note({"run": str(self.path), "stage": stage, "seconds": round(seconds, 3)})

    def note_end(self, *made: Path) -> None:
        """Says what the work in this folder has made, when all of it is done."""
        self.note({"run": str(self.path), **{path.stem: str(path) for path in made}})

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps other processes out while the block runs.

        Raises:
            InputError: Another run is at work in the folder; it is a file, or cannot be written to.
        """
        lock = FileLock(self.path / ".lock", timeout=0)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except (FileExistsError, NotADirectoryError, PermissionError) as error:
            raise InputError(
                f"{self.path} cannot be a run folder ({error.strerror}): one that can be written to, or made, is needed"
            ) from error
        except Timeout as error:
            raise InputError(f"another run is at work in {self.path}: wait for it, or give another --out") from error
        try:
            self._clear()
            yield
        finally:
            lock.release()

    def _clear(self) -> None:
        """Removes what a killed process left half written; nobody else has the lock, and so none is at work on it."""
        inside = (path for name in ("activations", "results", "figures") for path in (self.path / name).rglob(".*"))
        for path in filter(is_temporary, [*self.path.glob(".*"), *inside]):
            # Scripts write figures and tables without the lock.
            if path.suffix not in (".csv", ".svg", ".pdf", ".png") or path.stat().st_mtime < time() - STALE:
                path.unlink(missing_ok=True)


def claim(folder: RunFolder, record: dict[str, Any]) -> None:
    """Makes a folder the place of some work, or takes up what was begun there with the same settings.

    Args:
        folder: Missing or empty, or claimed before with an equal record.
        record: What decides the results, as plain data.

    Raises:
        InputError: Something else is in the folder, or work there was begun with other settings (the message lists
            them), those excepted that may change later.
    """
    path = folder.path
    if folder.record.exists():
        if require_same(folder, record) == record:
            return
    elif path.is_dir() and any(entry.name != ".lock" for entry in path.iterdir()):
        raise InputError(f"{path} is not empty, and no run folder (it has no run.json): give another --out")
    write_text(folder.record, json.dumps({"format": FORMAT, **record}, indent=2) + "\n")


def require_same(folder: RunFolder, record: dict[str, Any]) -> dict[str, Any]:
    """Checks that the work in a run folder is that of a record.

    Args:
        folder: A run folder.
        record: As for `claim`.

    Returns:
        The record that is there.

    Raises:
        InputError: Its settings are others, those excepted that may change later; or it is damaged.
    """
    before = _read(folder)
    # With the defaults of settings that did not exist yet when it was written.
    if "config" in before:
        before["config"] = to_plain(from_plain(before["config"]))
    else:
        before = to_plain(AnalysisConfig()) | before
    different = [line for line in differences(before, record) if not line.removeprefix("config.").startswith(LATER)]
    if different:
        raise InputError(
            f"{folder.path} was begun with other settings; give another --out, or remove that folder:\n  "
            + "\n  ".join(different)
        )
    return before


def load(path: Path) -> RunConfig:
    """The settings of a run folder.

    Raises:
        InputError: The folder is not there, is no run folder, or is damaged or one of a newer version.
    """
    folder = RunFolder(path)
    if not folder.record.is_file():
        raise InputError(f"{path} is no run folder: it has no run.json")
    record = _read(folder)
    if "config" not in record:
        raise InputError(f"{path} holds a comparison of several files or runs, not a run")
    with said_of(folder.record):
        return from_plain(record["config"])


def _read(folder: RunFolder) -> dict[str, Any]:
    try:
        record = json.loads(folder.record.read_text(encoding="utf-8"))
        version = record.pop("format")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{folder.record} is damaged ({error}); remove the folder, or give another --out") from error
    if version != FORMAT:
        raise InputError(
            f"{folder.path} is of another version of jaxrepsim: its format is {version}, and this one reads {FORMAT}; "
            "begin in a folder of its own: --out NEW"
        )
    return record
