"""What a checkpoint must agree on with the training that wants to go on from it."""

import dataclasses
import json
import zlib
from collections.abc import Iterable
from typing import Any, cast

import numpy as np

from jaxrepsim.data.dataset import Dataset
from jaxrepsim.models.network import Network
from jaxrepsim.training.batches import in_memory
from jaxrepsim.training.config import NO_EFFECT_ON_WEIGHTS, TrainingConfig


def fingerprint(model: Network, dataset: Dataset, config: TrainingConfig, seed: int) -> dict[str, Any]:
    """Everything that the weights depend on, as flat JSON values.

    The settings in `NO_EFFECT_ON_WEIGHTS` are not in it: none changes a network, but for rounding where several seeds
    are trained at once.

    Args:
        model: The network; its class and attributes count, and of one's own the code of its file.
        dataset: The data; name, shapes and a CRC-32 of every image and label count, or where images are streamed
            from the disk what identifies them there.
        config: The settings.
        seed: The seed.

    Returns:
        Name → value, equal to itself after a trip through JSON.
    """
    fields = [each for each in dataclasses.fields(cast(Any, model)) if each.compare]
    attributes = {each.name: getattr(model, each.name) for each in fields if each.name not in ("parent", "name")}
    training = dataclasses.asdict(config)
    for name in NO_EFFECT_ON_WEIGHTS:
        del training[name]
    values = {
        "seed": seed,
        "model": type(model).__name__,
        **{f"model.{name}": value for name, value in attributes.items()},
        **{f"training.{name}": value for name, value in training.items()},
        "data": dataset.name,
        "data.shape": dataset.train.images.shape,
        "data.classes": dataset.classes,
        "data.normalisation": (dataset.mean, dataset.std),
        **_identity(dataset),
    }
    return json.loads(json.dumps(values, default=str))


def differences(stored: dict[str, Any], wanted: dict[str, Any]) -> str:
    """The entries in which two fingerprints differ, for an error message; empty if they are equal.

    >>> differences({"seed": 0, "training.epochs": 2}, {"seed": 0, "training.epochs": 3})
    'training.epochs 2 there, 3 here'
    """
    names = [name for name in {**stored, **wanted} if stored.get(name) != wanted.get(name)]
    return "; ".join(f"{name} {stored.get(name)} there, {wanted.get(name)} here" for name in names)


def _identity(dataset: Dataset) -> dict[str, Any]:
    splits = (dataset.train, dataset.validation)
    if all(in_memory(split) for split in splits):
        return {"data.crc32": _crc32([*dataset.train, *dataset.validation])}
    # The splits of one set are read the same way. Reading every image to check it would take as long as an epoch.
    return {"data.identity": [getattr(split.images, "identity", None) for split in splits]}


def _crc32(arrays: Iterable[Any]) -> int:
    value = 0
    for array in arrays:
        value = zlib.crc32(np.ascontiguousarray(array).data.cast("B"), value)
    return value
