"""Training one network from one seed."""

import time
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import jax
import numpy as np
from flax import linen as nn

from jaxrepsim._typing import Array
from jaxrepsim.data.dataset import Dataset
from jaxrepsim.errors import InputError
from jaxrepsim.training.config import TrainingConfig
from jaxrepsim.training.epoch import evaluate, run_epoch
from jaxrepsim.training.fingerprint import fingerprint
from jaxrepsim.training.progress import Progress, silent
from jaxrepsim.training.step import Recipe, StepMetrics, TrainState, initial_state, make_recipe
from jaxrepsim.training.trained import EpochRecord, TrainedNetwork

if TYPE_CHECKING:
    from jaxrepsim.training.checkpoints import Checkpoints


def train_network(
    model: nn.Module,
    dataset: Dataset,
    config: TrainingConfig,
    seed: int,
    folder: Path | None = None,
    progress: Progress = silent,
) -> TrainedNetwork:
    """Trains a network, or goes on from its last checkpoint.

    The seed fixes the initial weights, the order of the examples and the augmentation; nothing else is random. On one
    platform the same arguments give the same weights bit for bit, whether or not the training was interrupted (killed
    at any moment) and whichever other networks are trained beside it.

    Args:
        model: A network whose call gives `(logits, activations)`, such as `jaxrepsim.models.build` makes.
        dataset: Train and validation split.
        config: The settings; `config.seeds` plays no part. The checkpoints of `config.keep` stay beside the last two;
            a training that goes on with another `keep` removes what that one does not ask for.
        seed: From 0 to 2³¹ − 1.
        folder: Where the checkpoints go, in a subfolder `seed_N`; None for no checkpoints.
        progress: Told of every step, or of every epoch: see `Progress`.

    Returns:
        The network after `config.epochs` epochs. A complete checkpoint is returned as it is.

    Raises:
        InputError: The batch is larger than the train split; the loss stopped being finite; the folder holds a
            damaged checkpoint or one of other settings, or is past an epoch of `config.keep` that it does not hold;
            the disk is full.
    """
    recipe = make_recipe(model, config, len(dataset.train.labels), dataset.mean, dataset.std)
    init_key, order_key, augment_key = keys(seed)
    input_shape = dataset.train.images.shape[1:]
    with _opened(folder, model, dataset, config, seed) as checkpoints:
        restored = checkpoints.restore(abstract_state(recipe, input_shape)) if checkpoints else None
        if checkpoints:
            checkpoints.require(config.keep)
        state, history = restored or (initial_state(recipe, input_shape, init_key), ())
        train, validation = jax.device_put((dataset.train, dataset.validation))

        def report(epoch: int, step: int) -> None:
            last = history[-1] if history else None
            progress(
                seed=seed,
                epoch=epoch,
                epochs=config.epochs,
                step=step,
                steps=recipe.steps_per_epoch,
                loss=last.train_loss if last else None,
                accuracy=last.validation_accuracy if last else None,
            )

        for epoch in range(len(history) + 1, config.epochs + 1):
            start = time.perf_counter()
            state, metrics = run_epoch(
                recipe,
                state,
                train,
                order_key=jax.random.fold_in(order_key, epoch),
                augment_key=jax.random.fold_in(augment_key, epoch),
                after_step=partial(report, epoch),
            )
            measured = evaluate(model, state.variables, validation, dataset.mean, dataset.std, config.batch_size)
            record = _record(metrics, measured, config.batch_size, time.perf_counter() - start)
            if not np.isfinite((record.train_loss, record.validation_loss)).all():
                raise _diverged(metrics, seed, epoch, checkpoints.latest if checkpoints else None)
            history = (*history, record)
            if checkpoints and (epoch % config.checkpoint_every == 0 or epoch in (*config.keep, config.epochs)):
                checkpoints.save(state, history)
        report(config.epochs, recipe.steps_per_epoch)
    return TrainedNetwork(seed, state.variables, history)


def load_network(model: nn.Module, dataset: Dataset, config: TrainingConfig, seed: int, folder: Path) -> TrainedNetwork:
    """A network that was trained before, from its last checkpoint. Nothing is trained or written.

    Args:
        model: As in `train_network`.
        dataset: As in `train_network`.
        config: As in `train_network`.
        seed: As in `train_network`.
        folder: As in `train_network`.

    Returns:
        What `train_network` returned with the same arguments.

    Raises:
        InputError: There is no checkpoint, its training was not finished, it is damaged, or other settings made it.
    """
    from jaxrepsim.training.checkpoints import open_checkpoints

    path = folder / f"seed_{seed}"
    if not path.is_dir():
        raise InputError(f"there is no trained network in {path}: train it first")
    recipe = make_recipe(model, config, len(dataset.train.labels), dataset.mean, dataset.std)
    with open_checkpoints(path, fingerprint(model, dataset, config, seed), read_only=True) as checkpoints:
        restored = checkpoints.restore(abstract_state(recipe, dataset.train.images.shape[1:]))
    done = len(restored.history) if restored else 0
    if restored is None or done < config.epochs:
        raise InputError(f"the network in {path} was trained for {done} of {config.epochs} epochs: go on training it")
    return TrainedNetwork(seed, restored.state.variables, restored.history)


def _opened(
    folder: Path | None, model: nn.Module, dataset: Dataset, config: TrainingConfig, seed: int
) -> "AbstractContextManager[Checkpoints | None]":
    if folder is None:
        return nullcontext()
    # Here, because Orbax is not needed without a folder.
    from jaxrepsim.training.checkpoints import open_checkpoints

    return open_checkpoints(folder / f"seed_{seed}", fingerprint(model, dataset, config, seed), config.keep)


def keys(seed: int) -> tuple[Array, Array, Array]:
    """The PRNG keys of initialisation, order of the examples and augmentation, of one seed."""
    initialisation, order, augmentation = jax.random.split(jax.random.key(seed, impl="threefry2x32"), 3)
    return initialisation, order, augmentation


def abstract_state(recipe: Recipe, input_shape: tuple[int, ...]) -> TrainState:
    """The shapes and dtypes of the state, nothing computed."""
    return jax.eval_shape(partial(initial_state, recipe, input_shape), jax.random.key(0))


def _record(metrics: StepMetrics, measured: tuple[float, float], batch_size: int, seconds: float) -> EpochRecord:
    return EpochRecord(
        train_loss=float(np.mean(metrics.loss, dtype=np.float64)),
        train_accuracy=float(np.mean(metrics.correct, dtype=np.float64)) / batch_size,
        validation_loss=measured[0],
        validation_accuracy=measured[1],
        seconds=seconds,
    )


def _diverged(metrics: StepMetrics, seed: int, epoch: int, latest: Path | None) -> InputError:
    bad = np.flatnonzero(~np.isfinite(metrics.loss))
    where = f"step {bad[0] + 1}, where the loss is {metrics.loss[bad[0]]}" if bad.size else "its validation"
    kept = f"The last good checkpoint is {latest}" if latest else "There is no checkpoint before it"
    return InputError(
        f"training diverged: seed {seed}, epoch {epoch}, {where}. {kept}. Lower learning_rate, or raise warmup_epochs"
    )
