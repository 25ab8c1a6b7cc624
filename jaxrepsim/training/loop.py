"""The training of one network, or of several in one program: epoch by epoch, until it is done or asked to stop."""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from flax import linen as nn

from jaxrepsim import preemption
from jaxrepsim.data.dataset import Dataset
from jaxrepsim.errors import InputError
from jaxrepsim.training.batches import put
from jaxrepsim.training.config import TrainingConfig
from jaxrepsim.training.epoch import EpochMetrics, run_epoch
from jaxrepsim.training.evaluation import evaluate_all
from jaxrepsim.training.fingerprint import fingerprint
from jaxrepsim.training.keys import Keys, keys
from jaxrepsim.training.moment import Begun, Moment
from jaxrepsim.training.placement import Placement, place
from jaxrepsim.training.progress import Progress, Rate
from jaxrepsim.training.step import Recipe, TrainState, abstract_state, initial_state, make_recipe
from jaxrepsim.training.trained import EpochRecord, TrainedNetwork, best_epoch
from jaxrepsim.training.unkept import Unkept

if TYPE_CHECKING:
    from jaxrepsim.training.kept import Kept


def train_together(
    model: nn.Module,
    dataset: Dataset,
    config: TrainingConfig,
    seeds: Sequence[int],
    folder: Path | None,
    progress: Progress,
) -> tuple[TrainedNetwork, ...]:
    """Trains the networks of some seeds in step with one another.

    Args:
        model: As in `train_network`.
        dataset: As in `train_network`.
        config: As in `train_network`.
        seeds: Whose checkpoints, where there are any, are all of the same moment.
        folder: As in `train_network`.
        progress: As in `train_network`, told of every seed.

    Returns:
        The networks.

    Raises:
        InputError: As in `train_network`.
        Preempted: As in `train_network`.
    """
    recipe = make_recipe(model, config, len(dataset.train.labels), dataset.mean, dataset.std)
    input_shape = dataset.train.images.shape[1:]
    placement = place(len(seeds), config.batch_size)
    drawn = [keys(config, seed) for seed in seeds]
    with ExitStack() as stack:
        kept = [stack.enter_context(_opened(recipe, dataset, config, seed, folder)) for seed in seeds]
        state, histories, begun = _start(recipe, placement, input_shape, kept, drawn)
        train, validation = put(placement, dataset.train), put(placement, dataset.validation)
        rate = Rate(config.batch_size)

        def report(epoch: int, step: int) -> None:
            rate.note((epoch - 1) * recipe.steps_per_epoch + step)
            for seed, history in zip(seeds, histories, strict=True):
                progress(
                    seed=seed,
                    epoch=epoch,
                    epochs=config.epochs,
                    step=step,
                    steps=recipe.steps_per_epoch,
                    loss=history[-1].train_loss if history else None,
                    accuracy=history[-1].validation_accuracy if history else None,
                    images_per_second=rate.images_per_second,
                )

        for epoch in range(len(histories[0]) + 1, config.epochs + 1):
            start = time.perf_counter() - begun[0].seconds
            order_keys, augment_keys = zip(*[own.of_epoch(epoch) for own in drawn], strict=True)
            state, metrics = run_epoch(
                recipe,
                placement,
                state,
                train,
                order_keys,
                augment_keys,
                after_step=partial(report, epoch),
                first=len(begun[0].loss),
            )
            metrics = _joined(begun, metrics)
            try:
                _check_finite("step", metrics.loss, seeds, epoch, kept)
                preemption.check()
                measured = evaluate_all(
                    model, placement, state.variables, validation, dataset.mean, dataset.std, config.batch_size
                )
            except preemption.Preempted as stop:
                begun = _begun(metrics, time.perf_counter() - start)
                for each, *moment in zip(kept, placement.unstack(state), histories, begun, strict=True):
                    each.interrupt(Moment._make(moment))
                names = ", ".join(map(str, seeds))
                where = f"epoch {epoch}, step {len(begun[0].loss)} of {recipe.steps_per_epoch}"
                raise preemption.Preempted(f"{stop}: seed {names}, {where}") from stop
            _check_finite("validation", np.array(measured)[:, :1], seeds, epoch, kept)
            records = _records(metrics, measured, config.batch_size, time.perf_counter() - start)
            histories = [(*history, record) for history, record in zip(histories, records, strict=True)]
            begun = [Begun() for _ in seeds]
            # All of them where one is due, so that they stay together when training goes on.
            if any(_due(config, history) for history in histories):
                for each, one, history in zip(kept, placement.unstack(state), histories, strict=True):
                    each.save(one, history)
        report(config.epochs, recipe.steps_per_epoch)
        states = placement.unstack(state)
        if config.checkpoint == "last":
            return tuple(
                TrainedNetwork(seed, one.variables, history, len(history))
                for seed, one, history in zip(seeds, states, histories, strict=True)
            )
        return tuple(
            TrainedNetwork(seed, each.best(one, history), history, best_epoch(history))
            for seed, each, one, history in zip(seeds, kept, states, histories, strict=True)
        )


def _opened(
    recipe: Recipe, dataset: Dataset, config: TrainingConfig, seed: int, folder: Path | None
) -> "AbstractContextManager[Kept | Unkept]":
    if folder is None:
        return nullcontext(Unkept(config))
    # Here, because Orbax is not needed without a folder.
    from jaxrepsim.training.kept import open_kept

    identity = fingerprint(recipe.model, dataset, config, seed)
    return open_kept(folder / f"seed_{seed}", config, recipe.steps_per_epoch, identity)


def _start(
    recipe: Recipe,
    placement: Placement,
    input_shape: tuple[int, int, int],
    kept: Sequence["Kept | Unkept"],
    drawn: Sequence[Keys],
) -> tuple[TrainState, list[tuple[EpochRecord, ...]], list[Begun]]:
    """The states to go on from, stacked, with each network's history and what was done of its next epoch."""
    like = abstract_state(recipe, input_shape)
    moments = [
        each.resume(like) or Moment(initial_state(recipe, input_shape, own.initialisation), ())
        for each, own in zip(kept, drawn, strict=True)
    ]
    state = placement.stack([moment.state for moment in moments])
    return state, [moment.history for moment in moments], [moment.begun for moment in moments]


def _due(config: TrainingConfig, history: tuple[EpochRecord, ...]) -> bool:
    """Whether the epoch just done gets a checkpoint."""
    epoch = len(history)
    best = config.checkpoint == "best" and best_epoch(history) == epoch
    return best or epoch % config.checkpoint_every == 0 or epoch in (*config.keep, config.epochs)


def _joined(begun: Sequence[Begun], metrics: EpochMetrics) -> EpochMetrics:
    """The metrics of a whole epoch, (networks, steps): of the steps done before an interruption, and after it."""
    return EpochMetrics(
        np.concatenate([[each.loss for each in begun], metrics.loss], axis=1),
        np.concatenate([[each.correct for each in begun], metrics.correct], axis=1),
    )


def _begun(metrics: EpochMetrics, seconds: float) -> list[Begun]:
    pairs = zip(metrics.loss.tolist(), metrics.correct.tolist(), strict=True)
    return [Begun(tuple(loss), tuple(correct), seconds) for loss, correct in pairs]


def _records(
    metrics: EpochMetrics, measured: Sequence[tuple[float, float]], batch_size: int, seconds: float
) -> list[EpochRecord]:
    return [
        EpochRecord(
            train_loss=float(np.mean(loss, dtype=np.float64)),
            train_accuracy=float(np.mean(correct, dtype=np.float64)) / batch_size,
            validation_loss=validation_loss,
            validation_accuracy=validation_accuracy,
            seconds=seconds,
        )
        for loss, correct, (validation_loss, validation_accuracy) in zip(*metrics, measured, strict=True)
    ]


def _check_finite(
    what: Literal["step", "validation"],
    losses: np.ndarray,
    seeds: Sequence[int],
    epoch: int,
    kept: Sequence["Kept | Unkept"],
) -> None:
    """Raises where a loss, (networks, steps or 1), is NaN or infinite."""
    bad = np.argwhere(~np.isfinite(losses))
    if bad.size:
        network, step = bad[0]
        where = f"step {step + 1}, where the loss is {losses[network, step]}" if what == "step" else "its validation"
        latest = kept[network].latest
        good = f"The last good checkpoint is {latest}" if latest else "There is no checkpoint before it"
        raise InputError(
            f"training diverged: seed {seeds[network]}, epoch {epoch}, {where}. {good}. Lower learning_rate, or raise "
            f"warmup_epochs"
        )
