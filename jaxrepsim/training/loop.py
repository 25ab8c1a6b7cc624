"""The loop over epochs, for one network or for many in one program, until it is done or asked to stop."""

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from jaxrepsim import preemption
from jaxrepsim.data.dataset import Dataset
from jaxrepsim.errors import InputError
from jaxrepsim.models.network import Network
from jaxrepsim.training.batches import put
from jaxrepsim.training.best_weights import BestWeights
from jaxrepsim.training.checkpoint_file import Checkpoint
from jaxrepsim.training.checkpoints import Checkpoints, open_for_training
from jaxrepsim.training.config import TrainingConfig
from jaxrepsim.training.epoch import EpochMetrics, run_epoch
from jaxrepsim.training.evaluation import evaluate_all
from jaxrepsim.training.fingerprint import fingerprint
from jaxrepsim.training.keys import keys
from jaxrepsim.training.placement import place
from jaxrepsim.training.progress import Progress, Rate
from jaxrepsim.training.records import EpochRecord, PartialEpoch, TrainedNetwork, best_epoch
from jaxrepsim.training.step import Recipe, abstract_state, initial_state, make_recipe

Store = Checkpoints | BestWeights


def train_seeds(
    model: Network,
    dataset: Dataset,
    config: TrainingConfig,
    seeds: Sequence[int],
    folder: Path | None,
    progress: Progress,
) -> tuple[TrainedNetwork, ...]:
    """Trains the networks of some seeds in one program, in step with one another.

    Args:
        model: As in `train_network`.
        dataset: As in `train_network`.
        config: As in `train_network`.
        seeds: Whose checkpoints, where there are any, are all at the same position.
        folder: As in `train_network`.
        progress: As in `train_network`; called for every seed.

    Returns:
        The networks.

    Raises:
        InputError: As in `train_network`.
        Preempted: As in `train_network`.
    """
    recipe = make_recipe(model, config, len(dataset.train.labels), dataset.mean, dataset.std)
    steps = recipe.steps_per_epoch
    like = abstract_state(recipe, dataset.train.images.shape[1:])
    placement = place(len(seeds), config.batch_size)
    drawn = [keys(config, seed) for seed in seeds]
    stores = [_store(recipe, dataset, config, seed, folder) for seed in seeds]
    starts = [
        store.resume(like) or Checkpoint(initial_state(recipe, dataset.train.images.shape[1:], own.initialisation), ())
        for store, own in zip(stores, drawn, strict=True)
    ]
    state = placement.stack([start.state for start in starts])
    histories = [start.history for start in starts]
    partial_epochs = [start.partial for start in starts]
    train, validation = put(placement, dataset.train), put(placement, dataset.validation)
    rate = Rate(config.batch_size)

    def report(epoch: int, step: int) -> None:
        rate.record((epoch - 1) * steps + step)
        for seed, history in zip(seeds, histories, strict=True):
            progress(
                seed=seed,
                epoch=epoch,
                epochs=config.epochs,
                step=step,
                steps=steps,
                loss=history[-1].train_loss if history else None,
                accuracy=history[-1].validation_accuracy if history else None,
                images_per_second=rate.images_per_second,
            )

    def save(partial_epochs: Sequence[PartialEpoch]) -> None:
        for store, *checkpoint in zip(stores, placement.unstack(state), histories, partial_epochs, strict=True):
            store.save(Checkpoint._make(checkpoint))

    for epoch in range(len(histories[0]) + 1, config.epochs + 1):
        start = time.perf_counter() - partial_epochs[0].seconds
        order_keys, augment_keys = zip(*[own.of_epoch(epoch) for own in drawn], strict=True)
        first = len(partial_epochs[0].loss)
        state, metrics = run_epoch(
            recipe, placement, state, train, order_keys, augment_keys, after_step=partial(report, epoch), first=first
        )
        metrics = _joined(partial_epochs, metrics)
        try:
            _check_finite("step", metrics.loss, seeds, epoch, stores)
            preemption.check()
            measured = evaluate_all(
                model, placement, state.variables, validation, dataset.mean, dataset.std, config.batch_size
            )
        except preemption.Preempted as stop:
            save(_partial_epochs(metrics, time.perf_counter() - start))
            where = f"epoch {epoch}, step {metrics.loss.shape[1]} of {steps}"
            raise preemption.Preempted(f"{stop}: seed {', '.join(map(str, seeds))}, {where}") from stop
        _check_finite("validation", np.array(measured)[:, :1], seeds, epoch, stores)
        records = _records(metrics, measured, config.batch_size, time.perf_counter() - start)
        histories = [(*history, record) for history, record in zip(histories, records, strict=True)]
        partial_epochs = [PartialEpoch() for _ in seeds]
        # All of them where one is due, so that they stay at one position when training goes on.
        if any(_due(config, history) for history in histories):
            save(partial_epochs)
    report(config.epochs, steps)
    if config.checkpoint == "best":
        return tuple(
            TrainedNetwork(seed, store.best(like, history), history, best_epoch(history))
            for seed, store, history in zip(seeds, stores, histories, strict=True)
        )
    return tuple(
        TrainedNetwork(seed, one.variables, history, len(history))
        for seed, one, history in zip(seeds, placement.unstack(state), histories, strict=True)
    )


def _store(recipe: Recipe, dataset: Dataset, config: TrainingConfig, seed: int, folder: Path | None) -> Store:
    if folder is None:
        return BestWeights(config)
    return open_for_training(folder / f"seed_{seed}", config, fingerprint(recipe.model, dataset, config, seed))


def _due(config: TrainingConfig, history: tuple[EpochRecord, ...]) -> bool:
    """Whether the epoch just done gets a checkpoint."""
    epoch = len(history)
    best = config.checkpoint == "best" and best_epoch(history) == epoch
    return best or epoch % config.checkpoint_every == 0 or epoch in (*config.keep, config.epochs)


def _joined(partial_epochs: Sequence[PartialEpoch], metrics: EpochMetrics) -> EpochMetrics:
    """The metrics of a whole epoch, (networks, steps): of the steps done before an interruption, and after it."""
    return EpochMetrics(
        np.concatenate([[each.loss for each in partial_epochs], metrics.loss], axis=1),
        np.concatenate([[each.correct for each in partial_epochs], metrics.correct], axis=1),
    )


def _partial_epochs(metrics: EpochMetrics, seconds: float) -> list[PartialEpoch]:
    pairs = zip(metrics.loss.tolist(), metrics.correct.tolist(), strict=True)
    return [PartialEpoch(tuple(loss), tuple(correct), seconds) for loss, correct in pairs]


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
    stores: Sequence[Store],
) -> None:
    """Raises where a loss, (networks, steps or 1), is NaN or infinite."""
    bad = np.argwhere(~np.isfinite(losses))
    if bad.size:
        network, step = bad[0]
        where = f"step {step + 1}, where the loss is {losses[network, step]}" if what == "step" else "its validation"
        latest = stores[network].latest
        good = f"The last good checkpoint is {latest}" if latest else "There is no checkpoint before it"
        raise InputError(
            f"training diverged: seed {seeds[network]}, epoch {epoch}, {where}. {good}. Lower learning_rate, or raise "
            f"warmup_epochs"
        )
