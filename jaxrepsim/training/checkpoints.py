"""A folder of checkpoints of one network, each there whole or not at all, and checked before it is used."""

import logging
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jax
import orbax.checkpoint as ocp
from jax.sharding import SingleDeviceSharding

from jaxrepsim.errors import InputError
from jaxrepsim.files import is_disk_full
from jaxrepsim.training.alone import alone
from jaxrepsim.training.checksums import damaged_files, write_checksums
from jaxrepsim.training.fingerprint import differences
from jaxrepsim.training.moment import Begun, Moment
from jaxrepsim.training.step import TrainState
from jaxrepsim.training.trained import EpochRecord


@dataclass
class Stay:
    """Which checkpoints stay when a new one is written: a preservation policy of Orbax.

    Attributes:
        last: How many of the last ones.
        chosen: Which others, by their numbers.
    """

    last: int
    chosen: set[int] = field(default_factory=set)

    def should_preserve(self, checkpoints: Sequence[Any], *, context: Any) -> list[bool]:
        """Whether each of the checkpoints, oldest first, stays."""
        recent = len(checkpoints) - self.last
        return [index >= recent or each.step in self.chosen for index, each in enumerate(checkpoints)]


class Checkpoints:
    """The checkpoints in one folder, one subfolder a number; `open_checkpoints` makes it."""

    def __init__(self, folder: Path, fingerprint: dict[str, Any], stay: Stay, manager: ocp.CheckpointManager) -> None:
        self.folder = folder
        self.stay = stay
        self._fingerprint = fingerprint
        self._manager = manager

    @property
    def numbers(self) -> list[int]:
        """The numbers of the checkpoints that are there, increasing."""
        return sorted(self._manager.all_steps())

    @property
    def latest(self) -> Path | None:
        """The folder of the last checkpoint, if there is one."""
        return self.folder / str(self.numbers[-1]) if self.numbers else None

    def restore(self, like: TrainState, number: int) -> Moment:
        """A checkpoint.

        Args:
            like: The state's shapes and dtypes, as `jax.eval_shape` gives them.
            number: One of `numbers`.

        Returns:
            The checkpoint, its state on the first device.

        Raises:
            InputError: The checkpoint is damaged or no checkpoint of this package, or other settings made it.
        """
        history, begun = self.record(number)
        try:
            device = SingleDeviceSharding(jax.local_devices()[0])
            like = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=device), like)
            arguments = ocp.args.Composite(state=ocp.args.StandardRestore(like))
            state = self._manager.restore(number, args=arguments)["state"]
        except Exception as error:
            raise self._unusable(number, "is damaged", error) from error
        return Moment(state, history, begun)

    def record(self, number: int) -> tuple[tuple[EpochRecord, ...], Begun]:
        """The record of a checkpoint, which is found whole and of this training.

        Args:
            number: One of `numbers`.

        Returns:
            One record for each epoch done, and what was done of the next one.

        Raises:
            InputError: As `restore` does.
        """
        try:
            # Not left to TensorStore, whose parallel reads of damaged files fail with tracebacks in the background.
            damaged = damaged_files(self.folder / str(number))
        except OSError as error:
            raise self._unusable(number, "cannot be read", error) from error
        if damaged:
            raise self._unusable(number, f"is damaged, in {damaged[0]}")
        try:
            arguments = ocp.args.Composite(record=ocp.args.JsonRestore())
            record = self._manager.restore(number, args=arguments)["record"]
            history = tuple(EpochRecord(*values) for values in record["history"])
            loss, correct, seconds = record.get("begun", ((), (), 0.0))
            begun = Begun(tuple(loss), tuple(correct), seconds)
            difference = differences(record["fingerprint"], self._fingerprint)
        except Exception as error:
            raise self._unusable(number, "is no checkpoint of jaxrepsim", error) from error
        if difference:
            raise InputError(
                f"{self.folder / str(number)} is a checkpoint of another training ({difference}): use the settings "
                f"that made it, or another folder, or remove {self.folder} to start again"
            )
        return history, begun

    def save(self, number: int, moment: Moment) -> None:
        """Writes a checkpoint, then removes those that do not stay.

        Args:
            number: Larger than those that are there.
            moment: What to write.

        Raises:
            InputError: The disk is full. What was there before is as it was.
        """
        size = sum(leaf.nbytes for leaf in jax.tree.leaves(moment.state))
        if shutil.disk_usage(self.folder).free < size + 2**20:
            raise self._disk_full(len(moment.history))
        record = {
            "fingerprint": self._fingerprint,
            "history": [list(epoch) for epoch in moment.history],
            "begun": list(moment.begun),
        }
        arguments = ocp.args.Composite(state=ocp.args.StandardSave(moment.state), record=ocp.args.JsonSave(record))
        try:
            self._manager.save(number, args=arguments)
            write_checksums(self.folder / str(number))
        except Exception as error:
            # Orbax passes on an OSError, or TensorStore's words in a ValueError.
            if is_disk_full(error):
                raise self._disk_full(len(moment.history)) from error
            raise

    def _unusable(self, number: int, fault: str, error: Exception | None = None) -> InputError:
        reason = f" ({type(error).__name__}: {error}".splitlines()[0][:200] + ")" if error else ""
        # Training goes on from the last one, and never comes back to an epoch before it.
        last = number == self.numbers[-1]
        remedy = (
            "remove it to go on from an earlier epoch if there is one"
            if last
            else "leave its epoch out of keep (of the best one: set checkpoint to 'last')"
        )
        return InputError(
            f"{self.folder / str(number)} {fault}{reason}: {remedy}, remove {self.folder} to start again, or use "
            f"another folder"
        )

    def _disk_full(self, epoch: int) -> InputError:
        return InputError(
            f"the disk is full: no checkpoint of epoch {epoch} could be written to {self.folder}. Make room and start "
            f"again; training goes on from the last checkpoint"
        )


@contextmanager
def open_checkpoints(
    folder: Path, fingerprint: dict[str, Any], stay: Stay, read_only: bool = False
) -> Iterator[Checkpoints]:
    """Opens a folder of checkpoints.

    Files are Orbax's: `state` holds the arrays, `record` the history and the fingerprint of the training;
    `checksums.json` is written after both.

    Args:
        folder: Made where missing, and what a killed save left there is removed.
        fingerprint: What a checkpoint must agree with to be restored; see `fingerprint`.
        stay: Which checkpoints stay when later ones are written.
        read_only: Leave the folder as it is.

    Yields:
        The checkpoints.

    Raises:
        InputError: The folder cannot be made.
    """
    folder = folder.absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot hold checkpoints: {error.strerror}") from error
    options = ocp.CheckpointManagerOptions(
        preservation_policy=None if read_only else stay,
        # A save is quick, and the next step gives the state's buffers away.
        enable_async_checkpointing=False,
        cleanup_tmp_directories=not read_only,
        create=False,
        save_interval_steps=0 if read_only else 1,
        save_root_metadata=False,
        read_only=read_only,
    )
    # Orbax logs the errors that it raises as well, traceback and all, thread by thread.
    logger = logging.getLogger("absl")

    # One for each folder that is open: a logger has no filter twice, and the first to close would take it away.
    def is_not_of_orbax(record: logging.LogRecord) -> bool:
        return "orbax" not in record.pathname

    logger.addFilter(is_not_of_orbax)
    try:
        with alone(), ocp.CheckpointManager(folder, item_names=("state", "record"), options=options) as manager:
            yield Checkpoints(folder, fingerprint, stay, manager)
    finally:
        logger.removeFilter(is_not_of_orbax)
