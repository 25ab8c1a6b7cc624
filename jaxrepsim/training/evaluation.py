"""Loss and accuracy on a whole split."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxrepsim import preemption
from jaxrepsim._typing import Array
from jaxrepsim.data.dataset import Dataset, Split
from jaxrepsim.models.network import Network
from jaxrepsim.training.augment import normalise
from jaxrepsim.training.batches import in_memory, put, validation_batches
from jaxrepsim.training.placement import Placement, place
from jaxrepsim.training.records import TrainedNetwork


def evaluate(
    model: Network,
    variables: dict,
    split: Split,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    batch_size: int = 128,
) -> tuple[float, float]:
    """Loss and accuracy on a whole split, in float32, batch norm at its running statistics.

    Args:
        model: A network whose call gives `(logits, activations)`.
        variables: Its variables.
        split: The images, raw pixels, and their classes.
        mean: See `normalise`.
        std: See `normalise`.
        batch_size: Images at a time; the result counts every image once, whether or not it divides n.

    Returns:
        Mean cross entropy, and the share of examples whose largest logit was the right one.

    Raises:
        Preempted: The process was asked to stop.
    """
    placement = place(1, batch_size)
    state = placement.stack([variables])
    return evaluate_all(model, placement, state, put(placement, split), mean, std, batch_size)[0]


def validation_accuracy(model: Network, network: TrainedNetwork, dataset: Dataset, batch_size: int = 128) -> float:
    """The validation accuracy of a network, trained or not.

    A trained one has it on record; an untrained one is run over the validation split.

    Args:
        model: The architecture.
        network: Its weights, at any epoch.
        dataset: As it was for training.
        batch_size: Images at a time, where it is measured. That of the training needs no other program than training.

    Returns:
        The share of right answers.
    """
    if network.epoch:
        return network.accuracy
    return evaluate(model, network.variables, dataset.validation, dataset.mean, dataset.std, batch_size)[1]


def evaluate_all(
    model: Network,
    placement: Placement,
    variables: dict,
    split: Split,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    batch_size: int,
) -> list[tuple[float, float]]:
    """As `evaluate`, for all networks of a placement.

    Args:
        model: As in `evaluate`.
        placement: The networks.
        variables: Theirs, as `placement` stacks them.
        split: As in `evaluate`, on the devices already, or streamed.
        mean: As in `evaluate`.
        std: As in `evaluate`.
        batch_size: As in `evaluate`.

    Returns:
        For each network mean cross entropy and accuracy.

    Raises:
        Preempted: The process was asked to stop.
    """
    batches = (_slices if in_memory(split) else _streamed)(placement, split, batch_size)
    totals: list[Any] = []
    for images, labels, real in batches:
        preemption.check()
        totals.append(_evaluate_batch(model, placement, variables, images, labels, real, mean, std))
        # Two under way at most, so that batches read from the disk do not pile up on the device.
        jax.block_until_ready(totals[-2:-1])
    sums = np.sum([np.reshape(pair, (2, -1)) for pair in jax.device_get(totals)], axis=0, dtype=np.float64)
    loss, correct = np.asarray(sums / len(split.labels)).tolist()
    return list(zip(loss, correct, strict=True))


def _slices(placement: Placement, split: Split, batch_size: int) -> Iterator[tuple[Array, Array, Array]]:
    for first in range(0, len(split.labels), batch_size):
        yield _slice(*split, jnp.int32(first), batch_size)


def _streamed(placement: Placement, split: Split, batch_size: int) -> Iterator[tuple[Array, Array, Array]]:
    return validation_batches(placement, split.images, batch_size)


@partial(jax.jit, static_argnames="batch_size")
def _slice(images: Array, labels: Array, first: Array, batch_size: int) -> tuple[Array, Array, Array]:
    index = first + jnp.arange(batch_size, dtype=jnp.int32)
    real = index < len(labels)
    index = jnp.minimum(index, len(labels) - 1)
    return images[index], labels[index], real


@partial(jax.jit, static_argnames=("model", "placement", "mean", "std"))
def _evaluate_batch(
    model: Network,
    placement: Placement,
    variables: dict,
    images: Array,
    labels: Array,
    real: Array,
    mean: tuple[float, ...],
    std: tuple[float, ...],
) -> tuple[Array, Array]:
    def one(variables: dict, images: Array, labels: Array, real: Array) -> tuple[Array, Array]:
        images, labels, real = placement.split((images, labels, real))
        logits, _ = model.apply(variables, normalise(images, mean, std), train=False)
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
        correct = jnp.argmax(logits, axis=1) == labels
        return jnp.sum(losses, where=real), jnp.sum(correct, where=real, dtype=jnp.int32)

    return placement.each(one, (False, True, True, True))(variables, images, labels, real)
