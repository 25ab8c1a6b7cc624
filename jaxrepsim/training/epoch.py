"""All steps of one epoch.

Two ways to run the same steps. XLA's CPU back end runs the gradients of convolutions inside a loop body 10 to 40 times
slower than the same step jitted alone, so a CPU gets a Python loop; an accelerator gets one scan, without a dispatch
for every step. Images that are read from the disk come to either from a Python loop, which reads the next batch while
the devices work on the one before it.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jaxrepsim import preemption
from jaxrepsim._typing import Array, Key
from jaxrepsim.data.dataset import Split
from jaxrepsim.errors import InputError
from jaxrepsim.training.batches import in_memory, train_batches
from jaxrepsim.training.placement import Placement
from jaxrepsim.training.step import Recipe, StepMetrics, TrainState, train_step


class EpochMetrics(NamedTuple):
    """What the steps of an epoch saw; see `StepMetrics`.

    Fields:
        loss: (networks, steps), NumPy.
        correct: (networks, steps), NumPy.
    """

    loss: np.ndarray
    correct: np.ndarray


def run_epoch(
    recipe: Recipe,
    placement: Placement,
    state: TrainState,
    split: Split,
    order_keys: Sequence[Key[Array, ""]],
    augment_keys: Sequence[Key[Array, ""]],
    after_step: Callable[[int], None],
    first: int = 0,
    scan: bool | None = None,
) -> tuple[TrainState, EpochMetrics]:
    """One pass over the train split in a random order, by each network in its own.

    A loop ends early after a loss that is not finite, and before a step when the process was asked to stop; a scan can
    only do so before it begins. The number of metrics tells.

    Args:
        recipe: The recipe.
        placement: The networks.
        state: Their states before, as `placement` stacks them; the buffers are given away and must not be used again.
        split: The whole train split, on the devices already, or streamed.
        order_keys: For each network the PRNG key that draws the order.
        augment_keys: For each network the PRNG key of the augmentation; step s uses it folded with s.
        after_step: Called with the number of steps done: after every step of a loop, once after a scan.
        first: Steps of this epoch that were done before.
        scan: Whether to scan; by default everywhere but on a CPU. Streamed images are never scanned.

    Returns:
        The states after, and the metrics of the steps done here.
    """
    orders = [_permutation(key, len(split.labels)) for key in order_keys]
    keys = placement.stack(augment_keys)
    if in_memory(split):
        order = placement.stack(orders)
        if (jax.default_backend() != "cpu" if scan is None else scan) and not preemption.requested():
            state, metrics = _scanned_steps(recipe, placement, state, *split, order, keys, first)
            after_step(recipe.steps_per_epoch)
            return state, EpochMetrics(*(a.reshape(placement.networks, -1) for a in jax.device_get(metrics)))

        def advance(state: TrainState, step: Array) -> tuple[TrainState, StepMetrics]:
            return _jitted_step(recipe, placement, state, *split, order, keys, step)
    else:
        batches = train_batches(placement, split.images, orders, augment_keys, recipe.config.batch_size, first)

        def advance(state: TrainState, step: Array) -> tuple[TrainState, StepMetrics]:
            return _jitted_step_on(recipe, placement, state, *next(batches), keys, step)

    done: list[StepMetrics] = []
    for step in range(first, recipe.steps_per_epoch):
        if preemption.requested():
            break
        try:
            state, metrics = advance(state, jnp.int32(step))
        except InputError:
            # A signal to all processes of a job ends one that decodes images and has not yet begun to ignore it.
            if preemption.requested():
                break
            raise
        done.append(metrics)
        # That of the step before: this one is under way.
        if len(done) > 1 and not np.isfinite(done[-2].loss).all():
            break
        after_step(step + 1)
    return state, _gathered(placement, jax.device_get(done))


def _gathered(placement: Placement, done: Sequence[StepMetrics]) -> EpochMetrics:
    def by_network(values: Sequence[Array]) -> np.ndarray:
        return np.asarray(values).reshape(len(done), placement.networks).T

    return EpochMetrics(by_network([each.loss for each in done]), by_network([each.correct for each in done]))


def _step(
    recipe: Recipe,
    placement: Placement,
    state: TrainState,
    images: Array,
    labels: Array,
    order: Array,
    key: Array,
    step: Array,
) -> tuple[TrainState, StepMetrics]:
    size = recipe.config.batch_size
    batch = lax.dynamic_slice_in_dim(order, step * size, size)
    return _step_on(recipe, placement, state, images[batch], labels[batch], key, step)


def _step_on(
    recipe: Recipe, placement: Placement, state: TrainState, images: Array, labels: Array, key: Array, step: Array
) -> tuple[TrainState, StepMetrics]:
    images, labels = placement.split((images, labels))
    state, metrics = train_step(recipe, state, images, labels, jax.random.fold_in(key, step))
    return placement.whole(state), metrics


@partial(jax.jit, static_argnames=("recipe", "placement"), donate_argnames="state")
def _jitted_step(
    recipe: Recipe,
    placement: Placement,
    state: TrainState,
    images: Array,
    labels: Array,
    order: Array,
    key: Array,
    step: Array,
) -> tuple[TrainState, StepMetrics]:
    one = partial(_step, recipe, placement)
    common = (False, True, True, False, False, True)
    return placement.each(one, common)(state, images, labels, order, key, step)


@partial(jax.jit, static_argnames=("recipe", "placement"), donate_argnames="state")
def _jitted_step_on(
    recipe: Recipe, placement: Placement, state: TrainState, images: Array, labels: Array, key: Array, step: Array
) -> tuple[TrainState, StepMetrics]:
    one = partial(_step_on, recipe, placement)
    return placement.each(one, (False, False, False, False, True))(state, images, labels, key, step)


@partial(jax.jit, static_argnames=("recipe", "placement", "first"), donate_argnames="state")
def _scanned_steps(
    recipe: Recipe,
    placement: Placement,
    state: TrainState,
    images: Array,
    labels: Array,
    order: Array,
    key: Array,
    first: int,
) -> tuple[TrainState, StepMetrics]:
    def one(
        state: TrainState, images: Array, labels: Array, order: Array, key: Array
    ) -> tuple[TrainState, StepMetrics]:
        def body(state: TrainState, step: Array) -> tuple[TrainState, StepMetrics]:
            return _step(recipe, placement, state, images, labels, order, key, step)

        return lax.scan(body, state, jnp.arange(first, recipe.steps_per_epoch, dtype=jnp.int32))

    return placement.each(one, (False, True, True, False, False))(state, images, labels, order, key)


@partial(jax.jit, static_argnames="examples")
def _permutation(key: Array, examples: int) -> Array:
    return jax.random.permutation(key, jnp.arange(examples, dtype=jnp.int32))
