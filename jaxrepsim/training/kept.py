"""What is kept of one network's training, so that it goes on after any end to the very weights it would have had.

A folder `seed_N` holds a checkpoint of each of the last two epochs, of the chosen ones, and where the best is asked for
of that. Beside them `interrupted` holds the middle of an epoch, where training was asked to stop there.
"""

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from jaxrepsim.errors import InputError
from jaxrepsim.training.checkpoints import Checkpoints, Stay, open_checkpoints
from jaxrepsim.training.config import TrainingConfig
from jaxrepsim.training.moment import Moment
from jaxrepsim.training.step import TrainState
from jaxrepsim.training.trained import EpochRecord, best_epoch

LAST = 2
"""How many of the last epochs' checkpoints stay: should the last be damaged, there is the one before it."""


class Kept:
    """What is kept in one folder; `open_kept` makes it."""

    def __init__(self, epochs: Checkpoints, config: TrainingConfig, steps: int, fingerprint: dict[str, Any]) -> None:
        self._epochs = epochs
        self._config = config
        self._steps = steps
        self._fingerprint = fingerprint

    @property
    def latest(self) -> Path | None:
        """The checkpoint of the last epoch that has one."""
        return self._epochs.latest

    @property
    def epochs(self) -> list[int]:
        """The epochs that have a checkpoint."""
        return self._epochs.numbers

    def resume(self, like: TrainState) -> Moment | None:
        """Where training goes on.

        Args:
            like: The state's shapes and dtypes, as `jax.eval_shape` gives them.

        Returns:
            The last checkpoint, of an epoch's end or middle, or None if there is none yet.

        Raises:
            InputError: The checkpoint is damaged or no checkpoint of this package, or other settings made it; or the
                training is past an epoch of which a checkpoint is asked for and that is not there.
        """
        last = self._epochs.restore(like, self.epochs[-1]) if self.epochs else None
        if self._interrupted.is_dir():
            with self._opened_interrupted() as interrupted:
                # One that is older than the last epoch's was left by a training killed before it could remove it.
                numbers = [number for number in interrupted.numbers if number > self._number(self.epochs[-1:])]
                last = interrupted.restore(like, numbers[-1]) if numbers else last
        if last and last.history:
            self.require(self._config.keep, len(last.history))
            if self._config.checkpoint == "best":
                self._require("checkpoint 'best'", [best_epoch(last.history)])
        return last

    def require(self, epochs: tuple[int, ...], done: int) -> None:
        """Checks that this training holds chosen epochs, or has not reached them yet.

        Args:
            epochs: Which; 0, the untrained network, needs no checkpoint.
            done: How many epochs are done; with an interrupted one, more may be than the last checkpoint's.

        Raises:
            InputError: The training is past one of them and has no checkpoint of it.
        """
        self._require("keep", [epoch for epoch in epochs if 0 < epoch <= done])

    def at(self, like: TrainState, epoch: int) -> Moment:
        """The checkpoint of an epoch; see `resume`."""
        return self._epochs.restore(like, epoch)

    def history(self, epoch: int) -> tuple[EpochRecord, ...]:
        """The record of an epoch's checkpoint, which is found whole and of this training; see `resume`."""
        return self._epochs.record(epoch)[0]

    def best(self, like: TrainState, history: tuple[EpochRecord, ...]) -> dict[str, Any]:
        """The weights after the best epoch of a history; see `resume`."""
        epoch = best_epoch(history)
        self._require("checkpoint 'best'", [epoch])
        return self.at(like, epoch).state.variables

    def save(self, state: TrainState, history: tuple[EpochRecord, ...]) -> None:
        """Writes the checkpoint of an epoch's end, and removes what it makes needless.

        Args:
            state: After `len(history)` epochs, later than the last checkpoint.
            history: One record an epoch.

        Raises:
            InputError: The disk is full. What was there before is as it was.
        """
        if self._config.checkpoint == "best":
            # The best of the checkpoint before too, from which training goes on should this one be damaged.
            ends = (*self.epochs[-1:], len(history))
            self._epochs.stay.chosen = {*self._config.keep, *(best_epoch(history[:end]) for end in ends)}
        self._epochs.save(len(history), Moment(state, history))
        shutil.rmtree(self._interrupted, ignore_errors=True)

    def interrupt(self, moment: Moment) -> None:
        """Writes a checkpoint of the middle of an epoch, where there is none of this moment.

        Args:
            moment: Later than the last one.

        Raises:
            InputError: As `save` does.
        """
        number = self._number([len(moment.history)], len(moment.begun.loss))
        if number == self._number(self.epochs[-1:]):
            return
        with self._opened_interrupted() as interrupted:
            if number not in interrupted.numbers:
                interrupted.save(number, moment)

    @property
    def _interrupted(self) -> Path:
        return self._epochs.folder / "interrupted"

    def _opened_interrupted(self) -> AbstractContextManager[Checkpoints]:
        return open_checkpoints(self._interrupted, self._fingerprint, Stay(last=1))

    def _number(self, epochs: list[int], step: int = 0) -> int:
        return _number(epochs, step, self._steps)

    def _require(self, asking: str, epochs: list[int]) -> None:
        gone = [epoch for epoch in epochs if epoch not in self.epochs]
        if gone:
            raise InputError(
                f"{asking} asks for epoch {', '.join(map(str, gone))}, and the training in {self._epochs.folder} is "
                f"past it and kept no checkpoint of it: train again in another folder, or choose among the epochs that "
                f"are there ({', '.join(map(str, self.epochs)) or 'none'}) and those still to come"
            )


@contextmanager
def open_kept(
    folder: Path, config: TrainingConfig, steps: int, fingerprint: dict[str, Any], read_only: bool = False
) -> Iterator[Kept]:
    """Opens the folder of one network.

    Args:
        folder: Made where missing.
        config: The settings: which epochs stay.
        steps: Steps in an epoch.
        fingerprint: What a checkpoint must agree with; see `fingerprint`.
        read_only: Leave the folder as it is.

    Yields:
        What is kept there.

    Raises:
        InputError: The folder cannot be made.
    """
    with open_checkpoints(folder, fingerprint, Stay(LAST, set(config.keep)), read_only) as epochs:
        yield Kept(epochs, config, steps, fingerprint)


def position(folder: Path, steps: int) -> int:
    """How far the training in a folder came: the same number for two networks that go on from the same step.

    Args:
        folder: That of one network; it need not exist.
        steps: Steps in an epoch.

    Returns:
        0 for one that has not begun, and more the further.
    """

    def numbers(folder: Path) -> list[int]:
        return [int(path.name) for path in folder.glob("*") if path.name.isdecimal()]

    return max([_number(sorted(numbers(folder))[-1:], 0, steps), *numbers(folder / "interrupted")])


def _number(epochs: list[int], step: int, steps: int) -> int:
    """One number for the steps after an epoch: 0 to `steps`, where the validation is still to come."""
    return sum(epochs) * (steps + 1) + step
