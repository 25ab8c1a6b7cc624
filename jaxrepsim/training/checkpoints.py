"""The checkpoints of one network, so that a killed training goes on to the very weights it would have had."""

import logging
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import jax
import orbax.checkpoint as ocp
from jax.sharding import SingleDeviceSharding
from orbax.checkpoint.checkpoint_managers import AnyPreservationPolicy, CustomSteps, LatestN
from orbax.checkpoint.options import MultiprocessingOptions

from jaxrepsim.errors import InputError
from jaxrepsim.files import is_disk_full
from jaxrepsim.training.checksums import damaged_files, write_checksums
from jaxrepsim.training.fingerprint import differences
from jaxrepsim.training.step import TrainState
from jaxrepsim.training.trained import EpochRecord

KEPT = 2
"""How many of the last checkpoints stay: should the last be damaged, there is the one before it."""


class Checkpoint(NamedTuple):
    """Training after some epochs.

    Fields:
        state: Weights, batch norm statistics and optimiser state.
        history: One record for each epoch done; its length is the epoch.
    """

    state: TrainState
    history: tuple[EpochRecord, ...]


class Checkpoints:
    """The checkpoints in one folder, one subfolder an epoch; `open_checkpoints` makes it."""

    def __init__(self, folder: Path, fingerprint: dict[str, Any], manager: ocp.CheckpointManager) -> None:
        self.folder = folder
        self._fingerprint = fingerprint
        self._manager = manager

    @property
    def latest(self) -> Path | None:
        """The folder of the last checkpoint, if there is one."""
        epoch = self._manager.latest_step()
        return None if epoch is None else self.folder / str(epoch)

    @property
    def epochs(self) -> list[int]:
        """The epochs whose checkpoints are there, increasing."""
        return sorted(self._manager.all_steps())

    def require(self, epochs: Collection[int]) -> None:
        """Checks that this training holds chosen epochs, or has not reached them yet.

        Args:
            epochs: Which; 0, the untrained network, needs no checkpoint.

        Raises:
            InputError: The training is past one of them and has no checkpoint of it.
        """
        there = self.epochs
        gone = [epoch for epoch in epochs if 0 < epoch <= max(there, default=0) and epoch not in there]
        if gone:
            raise InputError(
                f"keep asks for epoch {', '.join(map(str, gone))}, and the training in {self.folder} is past it and "
                f"kept no checkpoint of it: train again in another folder, or choose among the epochs that are there "
                f"({', '.join(map(str, there))}) and those still to come"
            )

    def restore(self, like: TrainState) -> Checkpoint | None:
        """The last checkpoint.

        Args:
            like: The state's shapes and dtypes, as `jax.eval_shape` gives them.

        Returns:
            The checkpoint, or None if there is none yet.

        Raises:
            InputError: The checkpoint is damaged or no checkpoint of this package, or other settings made it.
        """
        path = self.latest
        return None if path is None else self.restore_epoch(like, int(path.name))

    def restore_epoch(self, like: TrainState, epoch: int) -> Checkpoint:
        """The checkpoint of an epoch.

        Args:
            like: As for `restore`.
            epoch: One of `epochs`.

        Returns:
            The checkpoint.

        Raises:
            InputError: As `restore` does.
        """
        history = self.history(epoch)
        path = self.folder / str(epoch)
        try:
            device = SingleDeviceSharding(jax.local_devices()[0])
            like = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=device), like)
            arguments = ocp.args.Composite(state=ocp.args.StandardRestore(like))
            state = self._manager.restore(epoch, args=arguments)["state"]
        except Exception as error:
            raise self._unusable(path, "is damaged", error) from error
        return Checkpoint(state, history)

    def history(self, epoch: int) -> tuple[EpochRecord, ...]:
        """The record of a checkpoint, which is found whole and of this training.

        Args:
            epoch: One of `epochs`.

        Returns:
            One record for each epoch up to it.

        Raises:
            InputError: As `restore` does.
        """
        path = self.folder / str(epoch)
        try:
            # Not left to TensorStore, whose parallel reads of damaged files fail with tracebacks in the background.
            damaged = damaged_files(path)
        except OSError as error:
            raise self._unusable(path, "cannot be read", error) from error
        if damaged:
            raise self._unusable(path, f"is damaged, in {damaged[0]}")
        try:
            arguments = ocp.args.Composite(record=ocp.args.JsonRestore())
            record = self._manager.restore(epoch, args=arguments)["record"]
            stored = record["fingerprint"]
            history = tuple(EpochRecord(*values) for values in record["history"])
            difference = differences(stored, self._fingerprint)
        except Exception as error:
            raise self._unusable(path, "is no checkpoint of jaxrepsim", error) from error
        if difference:
            raise InputError(
                f"{path} is a checkpoint of another training ({difference}): use the settings that made it, or another "
                f"folder, or remove {self.folder} to start again"
            )
        return history

    def save(self, state: TrainState, history: tuple[EpochRecord, ...]) -> None:
        """Writes a checkpoint, then removes all but the last two and those to keep.

        Args:
            state: After `len(history)` epochs, later than the last checkpoint.
            history: One record an epoch.

        Raises:
            InputError: The disk is full. What was there before is as it was.
        """
        size = sum(leaf.nbytes for leaf in jax.tree.leaves(state))
        if shutil.disk_usage(self.folder).free < size + 2**20:
            raise self._disk_full(len(history))
        record = {"fingerprint": self._fingerprint, "history": [list(epoch) for epoch in history]}
        arguments = ocp.args.Composite(state=ocp.args.StandardSave(state), record=ocp.args.JsonSave(record))
        try:
            self._manager.save(len(history), args=arguments)
            write_checksums(self.folder / str(len(history)))
        except Exception as error:
            # Orbax passes on an OSError, or TensorStore's words in a ValueError.
            if is_disk_full(error):
                raise self._disk_full(len(history)) from error
            raise

    def _unusable(self, path: Path, fault: str, error: Exception | None = None) -> InputError:
        reason = f" ({type(error).__name__}: {error}".splitlines()[0][:200] + ")" if error else ""
        # Training goes on from the last one, and never comes back to an epoch before it.
        last = path == self.latest
        remedy = "remove it to go on from an earlier epoch if there is one" if last else "leave its epoch out of keep"
        return InputError(
            f"{path} {fault}{reason}: {remedy}, remove {self.folder} to start again, or use another folder"
        )

    def _disk_full(self, epoch: int) -> InputError:
        return InputError(
            f"the disk is full: no checkpoint of epoch {epoch} could be written to {self.folder}. Make room and start "
            f"again; training goes on from the last checkpoint"
        )


@contextmanager
def open_checkpoints(
    folder: Path, fingerprint: dict[str, Any], keep: Collection[int] = (), read_only: bool = False
) -> Iterator[Checkpoints]:
    """Opens the folder of one network's checkpoints.

    Each epoch's is there whole or not at all. Files are Orbax's: `state` holds the arrays, `record` the history and the
    fingerprint of the training; `checksums.json` is written after both.

    Args:
        folder: Made where missing, and what a killed save left there is removed.
        fingerprint: What a checkpoint must agree with to be restored; see `fingerprint`.
        keep: Epochs whose checkpoints stay when later ones are written.
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
        preservation_policy=None if read_only else AnyPreservationPolicy([LatestN(KEPT), CustomSteps([*keep])]),
        # A save is quick, and the next step gives the state's buffers away.
        enable_async_checkpointing=False,
        cleanup_tmp_directories=not read_only,
        create=False,
        save_interval_steps=0 if read_only else 1,
        save_root_metadata=False,
        read_only=read_only,
        # Of several processes only the first writes, and each reads what it needs: none waits for another here.
        multiprocessing_options=MultiprocessingOptions(
            primary_host=jax.process_index(), active_processes={jax.process_index()}
        ),
    )
    # Orbax logs the errors that it raises as well, traceback and all, thread by thread.
    logger = logging.getLogger("absl")
    logger.addFilter(_is_not_of_orbax)
    try:
        with ocp.CheckpointManager(folder, item_names=("state", "record"), options=options) as manager:
            yield Checkpoints(folder, fingerprint, manager)
    finally:
        logger.removeFilter(_is_not_of_orbax)


def _is_not_of_orbax(record: logging.LogRecord) -> bool:
    return "orbax" not in record.pathname
