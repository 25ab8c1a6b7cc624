"""The checkpoints of one network's training: whatever ends it, it resumes to the weights it would have had.

Its folder `seed_N` holds a file for each of the last two epochs, of the chosen ones, and of the best where that is
asked for: `epoch_3.safetensors` is the end of epoch 3. `epoch_4_step_2.safetensors` is the middle of epoch 4, where
training was asked to stop there.
"""

import re
from pathlib import Path
from typing import Any

from jaxrepsim.errors import InputError
from jaxrepsim.files import is_disk_full, is_temporary
from jaxrepsim.training.checkpoint_file import Checkpoint, DamagedError, read, write
from jaxrepsim.training.config import TrainingConfig
from jaxrepsim.training.records import EpochRecord, best_epoch
from jaxrepsim.training.step import TrainState

LAST = 2
"""How many of the last epochs' checkpoints stay: should the last be damaged, there is the one before it."""
Position = tuple[int, int]
"""How far a training is: the epochs that are done, and the steps of the next one; its validation may be to come."""
_FILE = re.compile(r"epoch_([0-9]+)(?:_step_([0-9]+))?\.safetensors")


def positions(folder: Path) -> list[Position]:
    """Where the checkpoints in a folder are, in the order of training.

    Args:
        folder: That of one network; it need not exist.

    Returns:
        One position a checkpoint.
    """
    found = [match.groups() for path in folder.glob("*") if (match := _FILE.fullmatch(path.name))]
    return sorted((int(epoch) - bool(step), int(step or 0)) for epoch, step in found)


class Checkpoints:
    """The checkpoints in one folder, which need not exist.

    Args:
        folder: That of one network.
        config: The settings: which epochs' checkpoints stay.
        fingerprint: What a checkpoint must agree with to be read; see `fingerprint`.

    Raises:
        InputError: The folder holds checkpoints of the format of earlier versions.
    """

    def __init__(self, folder: Path, config: TrainingConfig, fingerprint: dict[str, Any]) -> None:
        self.folder = folder.absolute()
        self._config = config
        self._fingerprint = fingerprint
        for path in self.folder.glob("*"):
            if path.is_dir() and (path.name.isdecimal() or path.name == "interrupted"):
                raise InputError(
                    f"{path} is a checkpoint of Orbax, as earlier versions of jaxrepsim wrote them, and cannot be read "
                    f"any more: train anew in another folder, or remove {self.folder}"
                )

    @property
    def positions(self) -> list[Position]:
        """Where the checkpoints are that are there; see `positions`."""
        return positions(self.folder)

    @property
    def epochs(self) -> list[int]:
        """The epochs of whose end there is a checkpoint."""
        return [epoch for epoch, step in self.positions if step == 0]

    @property
    def latest(self) -> Path | None:
        """The file of the last checkpoint, if there is one."""
        return self._path(self.positions[-1]) if self.positions else None

    def resume(self, like: TrainState) -> Checkpoint | None:
        """The checkpoint from which training resumes.

        Args:
            like: The state's shapes and dtypes, as `jax.eval_shape` gives them.

        Returns:
            The last checkpoint, or None if there is none yet.

        Raises:
            InputError: The checkpoint is damaged or no checkpoint of this package, or other settings made it; or the
                training is past an epoch of which a checkpoint is asked for and that is not there.
        """
        if not self.positions:
            return None
        last = self._read(like, self.positions[-1])
        self.require_kept(self._config.keep, len(last.history))
        if last.history and self._config.checkpoint == "best":
            self._require("checkpoint 'best'", [best_epoch(last.history)])
        return last

    def at(self, like: TrainState, epoch: int) -> Checkpoint:
        """The checkpoint of an epoch's end; see `resume`."""
        return self._read(like, (epoch, 0))

    def best(self, like: TrainState, history: tuple[EpochRecord, ...]) -> dict[str, Any]:
        """The weights after the best epoch of a history; see `resume`."""
        epoch = best_epoch(history)
        self._require("checkpoint 'best'", [epoch])
        return self.at(like, epoch).state.variables

    def require_kept(self, epochs: tuple[int, ...], done: int) -> None:
        """Checks that there is a checkpoint of each chosen epoch that training has reached.

        Args:
            epochs: Which; 0, the untrained network, needs no checkpoint.
            done: How many epochs are done; more than the last one with a checkpoint, where training was interrupted.

        Raises:
            InputError: The training is past one of them and has no checkpoint of it.
        """
        self._require("keep", [epoch for epoch in epochs if 0 < epoch <= done])

    def save(self, checkpoint: Checkpoint) -> None:
        """Writes a checkpoint, where there is none of the same position, and removes those that it makes needless.

        Args:
            checkpoint: Later than the last one.

        Raises:
            InputError: The disk is full. What was there before is as it was.
        """
        position = len(checkpoint.history), len(checkpoint.partial.loss)
        if position == (0, 0) or position in self.positions:
            return
        try:
            write(self._path(position), checkpoint, self._fingerprint)
        except Exception as error:  # an OSError, or one of safetensors
            if is_disk_full(error):
                raise InputError(
                    f"the disk is full: {self._path(position)} could not be written. Make room and start again; "
                    f"training goes on from the last checkpoint"
                ) from error
            raise
        last = self.epochs[-LAST:]
        stay = {*last, *self._config.keep}
        if self._config.checkpoint == "best":
            # The best up to each of the last ones: should the very last be damaged, training goes on from before it.
            stay |= {best_epoch(checkpoint.history[:epoch]) for epoch in last}
        for each in self.positions:
            if each != position and (each[0] not in stay or each[1] > 0):
                self._path(each).unlink(missing_ok=True)

    def _path(self, position: Position) -> Path:
        epoch, step = position
        return self.folder / (f"epoch_{epoch + 1}_step_{step}.safetensors" if step else f"epoch_{epoch}.safetensors")

    def _read(self, like: TrainState, position: Position) -> Checkpoint:
        path = self._path(position)
        try:
            return read(path, like, self._fingerprint)
        except DamagedError as error:
            # Training goes on from the last one, and never comes back to an epoch before it.
            remedy = (
                "remove it to go on from an earlier one if there is one"
                if self.positions[-1:] == [position]
                else "leave its epoch out of keep (of the best one: set checkpoint to 'last')"
            )
            raise InputError(
                f"{path} is {error}: {remedy}, remove {self.folder} to start again, or use another folder"
            ) from error

    def _require(self, setting: str, epochs: list[int]) -> None:
        gone = [epoch for epoch in epochs if epoch not in self.epochs]
        if gone:
            raise InputError(
                f"{setting} asks for epoch {', '.join(map(str, gone))}, and the training in {self.folder} is past it "
                f"and has no checkpoint of it any more: train again in another folder, or choose among the epochs that "
                f"are there ({', '.join(map(str, self.epochs)) or 'none'}) and those still to come"
            )


def open_for_training(folder: Path, config: TrainingConfig, fingerprint: dict[str, Any]) -> Checkpoints:
    """The checkpoints in a folder that one process writes to; see `Checkpoints`.

    Args:
        folder: Made where missing; what a killed process left half written there is removed.
        config: As for `Checkpoints`.
        fingerprint: As for `Checkpoints`.

    Returns:
        The checkpoints.

    Raises:
        InputError: The folder cannot be made, or holds checkpoints of the format of earlier versions.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot hold checkpoints: {error.strerror}") from error
    for path in filter(is_temporary, folder.glob(".epoch_*")):
        path.unlink(missing_ok=True)
    return Checkpoints(folder, config, fingerprint)
