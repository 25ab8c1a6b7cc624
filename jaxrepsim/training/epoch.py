"""All steps of one epoch, and the measurement after it.

Two ways to run the same steps. XLA's CPU back end runs the gradients of convolutions inside a loop body 10 to 40 times
slower than the same step jitted alone, so a CPU gets a Python loop; an accelerator gets one scan, without a dispatch
for every step.
"""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn
from jax import lax

from jaxrepsim._typing import Array, Key
from jaxrepsim.data.dataset import Split
from jaxrepsim.training.augment import normalise
from jaxrepsim.training.step import Recipe, StepMetrics, TrainState, train_step


def run_epoch(
    recipe: Recipe,
    state: TrainState,
    split: Split,
    order_key: Key[Array, ""],
    augment_key: Key[Array, ""],
    after_step: Callable[[int], None],
    scan: bool | None = None,
) -> tuple[TrainState, StepMetrics]:
    """One pass over the train split in a random order.

    Args:
        recipe: The recipe.
        state: The state before; its buffers are given away and must not be used again.
        split: The whole train split, best on the device already.
        order_key: The PRNG key that draws the order.
        augment_key: The PRNG key of the augmentation; step s uses it folded with s.
        after_step: Called with the number of steps done: after every step of a loop, once after a scan.
        scan: Whether to scan; by default everywhere but on a CPU.

    Returns:
        The state after, and the metrics of all steps, NumPy arrays of shape (steps,).
    """
    images, labels = split
    order = _permutation(order_key, len(labels))
    if jax.default_backend() != "cpu" if scan is None else scan:
        state, metrics = _scanned_steps(recipe, state, images, labels, order, augment_key)
        after_step(recipe.steps_per_epoch)
        return state, jax.device_get(metrics)
    several = []
    for step in range(recipe.steps_per_epoch):
        state, metrics = _jitted_step(recipe, state, images, labels, order, augment_key, jnp.int32(step))
        several.append(metrics)
        after_step(step + 1)
    return state, jax.tree.map(lambda *values: np.stack(values), *jax.device_get(several))


def _step(
    recipe: Recipe, state: TrainState, images: Array, labels: Array, order: Array, key: Array, step: Array
) -> tuple[TrainState, StepMetrics]:
    size = recipe.config.batch_size
    batch = lax.dynamic_slice_in_dim(order, step * size, size)
    return train_step(recipe, state, images[batch], labels[batch], jax.random.fold_in(key, step))


_jitted_step = jax.jit(_step, static_argnames="recipe", donate_argnames="state")


@partial(jax.jit, static_argnames="recipe", donate_argnames="state")
def _scanned_steps(
    recipe: Recipe, state: TrainState, images: Array, labels: Array, order: Array, key: Array
) -> tuple[TrainState, StepMetrics]:
    def body(state: TrainState, step: Array) -> tuple[TrainState, StepMetrics]:
        return _step(recipe, state, images, labels, order, key, step)

    return lax.scan(body, state, jnp.arange(recipe.steps_per_epoch, dtype=jnp.int32))


@partial(jax.jit, static_argnames="examples")
def _permutation(key: Array, examples: int) -> Array:
    return jax.random.permutation(key, jnp.arange(examples, dtype=jnp.int32))


def evaluate(
    model: nn.Module,
    variables: dict,
    split: Split,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    batch_size: int = 128,
) -> tuple[float, float]:
    """Loss and accuracy on a whole split, batch norm at its running statistics.

    Args:
        model: A network whose call gives `(logits, activations)`.
        variables: Its variables.
        split: The images, raw pixels, and their classes.
        mean: See `normalise`.
        std: See `normalise`.
        batch_size: Images at a time; the result counts every image once, whether or not it divides n.

    Returns:
        Mean cross entropy, and the share of examples whose largest logit was the right one.
    """
    images, labels = jax.device_put(split)
    totals = [
        _evaluate_batch(model, variables, images, labels, jnp.int32(start), mean, std, batch_size)
        for start in range(0, len(labels), batch_size)
    ]
    loss, correct = np.sum(np.asarray(jax.device_get(totals), dtype=np.float64), axis=0)
    return float(loss / len(labels)), float(correct / len(labels))


@partial(jax.jit, static_argnames=("model", "mean", "std", "batch_size"))
def _evaluate_batch(
    model: nn.Module,
    variables: dict,
    images: Array,
    labels: Array,
    start: Array,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    batch_size: int,
) -> tuple[Array, Array]:
    index = start + jnp.arange(batch_size, dtype=jnp.int32)
    real = index < len(labels)
    index = jnp.minimum(index, len(labels) - 1)
    logits, _ = model.apply(variables, normalise(images[index], mean, std), train=False)
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels[index])
    correct = jnp.argmax(logits, axis=1) == labels[index]
    return jnp.sum(losses, where=real), jnp.sum(correct, where=real, dtype=jnp.int32)
