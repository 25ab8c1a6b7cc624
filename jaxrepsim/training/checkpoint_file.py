"""One checkpoint, one `.safetensors` file: named arrays, and JSON in its header. Nothing is pickled.

The arrays are the leaves of the `TrainState`, each named by its path in it: `params/conv/kernel`,
`batch_stats/bn/mean`, `optimizer/1/0/trace/conv/kernel`. The header holds

- `format`: the words `jaxrepsim checkpoint` and a version;
- `record`: as JSON, the history, the partial epoch, and the fingerprint of the training. The PRNG keys and the order of
  the examples are functions of the seed, which is in the fingerprint, and of epoch and step, so that nothing else is
  needed to go on;
- `crc32`: of the record and of all arrays with their names, types and shapes.
"""

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxrepsim.errors import InputError
from jaxrepsim.files import atomic_path, safetensors_for
from jaxrepsim.training.fingerprint import differences
from jaxrepsim.training.records import EpochRecord, PartialEpoch
from jaxrepsim.training.step import TrainState

FORMAT = 2
"""Grows with every change that makes files unreadable for earlier versions. (Format 1 were folders of Orbax.)"""
_NAME = "jaxrepsim checkpoint"


class DamagedError(Exception):
    """A file is no whole checkpoint of this package. The message says why, after the words "FILE is"."""


class Checkpoint(NamedTuple):
    """All that it takes to go on with the training of one network.

    Fields:
        state: Weights, batch norm statistics and optimiser state.
        history: One record for each epoch done.
        partial: The steps that were done of the next epoch.
    """

    state: TrainState
    history: tuple[EpochRecord, ...]
    partial: PartialEpoch = PartialEpoch()


def write(path: Path, checkpoint: Checkpoint, fingerprint: dict[str, Any]) -> None:
    """Writes a checkpoint, whole or not at all.

    Args:
        path: The file.
        checkpoint: What to write.
        fingerprint: What a training that goes on from it must agree with; see `fingerprint`.
    """
    # In C order, which safetensors expects; `np.ascontiguousarray` would give scalars an axis.
    arrays = {name: np.asarray(leaf, order="C") for name, leaf in _named(jax.device_get(checkpoint.state)).items()}
    record = json.dumps({"fingerprint": fingerprint, "history": checkpoint.history, "partial": checkpoint.partial})
    header = {"format": f"{_NAME} {FORMAT}", "record": record, "crc32": _crc32(record, arrays)}
    save_file = safetensors_for(path).numpy.save_file
    with atomic_path(path) as temporary:
        save_file(arrays, temporary, metadata=header)


def read(path: Path, like: TrainState, fingerprint: dict[str, Any]) -> Checkpoint:
    """Reads a checkpoint.

    Args:
        path: The file.
        like: The state's shapes and dtypes, as `jax.eval_shape` gives them.
        fingerprint: What the training that made it must agree with.

    Returns:
        The checkpoint, its state on the first local device.

    Raises:
        DamagedError: The file is damaged, or no checkpoint.
        InputError: Another version of this package or another training made it.
    """
    safetensors = safetensors_for(path)
    try:
        with safetensors.safe_open(path, framework="np") as file:
            header = dict(file.metadata() or {})
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (it is no dict)
    except Exception as error:  # whatever damage makes safetensors and NumPy raise
        words = " ".join(f"{type(error).__name__}: {error}".split())
        raise DamagedError(f"damaged ({words[:200]})") from error
    name, _, version = header.get("format", "").rpartition(" ")
    if name != _NAME:
        raise DamagedError("no checkpoint of jaxrepsim")
    if version != str(FORMAT):
        raise InputError(
            f"{path} is a checkpoint of format {version}, and this version of jaxrepsim reads format {FORMAT}: use the "
            f"version that made it, or train anew in another folder"
        )
    if header.get("crc32") != _crc32(header.get("record", ""), arrays):
        raise DamagedError("damaged (its checksum is not what it was when it was written)")
    record = json.loads(header["record"])
    different = differences(record["fingerprint"], fingerprint)
    if different:
        raise InputError(
            f"{path} is a checkpoint of another training ({different}): use the settings that made it, or another "
            f"folder, or remove {path.parent} to start again"
        )
    wanted = _named(like)
    for name in {**wanted, **arrays}:
        here, there = (f"{a.dtype} {a.shape}" if a is not None else None for a in (wanted.get(name), arrays.get(name)))
        if here != there:
            raise InputError(
                f"{path} was made by other versions of Flax or Optax ({name}: {there} there, {here} here): use those, "
                f"or train anew in another folder"
            )
    state = jax.tree.unflatten(jax.tree.structure(like), [arrays[name] for name in wanted])
    history = tuple(EpochRecord(*epoch) for epoch in record["history"])
    losses, correct, seconds = record["partial"]
    partial = PartialEpoch(tuple(losses), tuple(correct), seconds)
    return Checkpoint(jax.device_put(state, jax.local_devices()[0]), history, partial)


def _named(state: TrainState) -> dict[str, Any]:
    """The leaves by their paths, in the order of the tree."""
    leaves = jax.tree_util.tree_leaves_with_path(state)
    return {jax.tree_util.keystr(path, simple=True, separator="/"): leaf for path, leaf in leaves}


def _crc32(record: str, arrays: Mapping[str, np.ndarray]) -> str:
    value = zlib.crc32(record.encode())
    for name, array in sorted(arrays.items()):
        value = zlib.crc32(f"{name} {array.dtype} {array.shape}".encode(), value)
        value = zlib.crc32(array.reshape(-1).view(np.uint8).data, value)
    return f"{value:08x}"
