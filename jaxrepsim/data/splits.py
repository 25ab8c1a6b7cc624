"""Which images a split such as `train[:90%]` means."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from jaxrepsim.errors import InputError, unknown


class Piece(NamedTuple):
    """The images `start` to `stop - 1` of the split `name`."""

    name: str
    start: int
    stop: int


def pieces(spec: str, shards: Mapping[str, Sequence[int]]) -> list[Piece]:
    """Resolves a split written in the slicing language of tensorflow-datasets.

    Args:
        spec: For example `train`, `train[:90%]`, `test[-64:]`, `train[:100]+test`, `all`.
        shards: The splits there are, each with the lengths of its shards (one shard for a set that is not sharded).

    Returns:
        The pieces in the order in which they are to be joined; none of them is empty.

    Raises:
        InputError: The text is not a split, the split does not exist, or the slice is empty or reaches outside it.

    Source: https://www.tensorflow.org/datasets/splits; parsed by tensorflow-datasets itself.

    >>> pieces("train[:50%]+test[-2:]", {"train": [6, 4], "test": [5]})
    [Piece(name='train', start=0, stop=5), Piece(name='test', start=3, stop=5)]
    """
    import tensorflow_datasets as tfds

    sizes = {name: sum(lengths) for name, lengths in shards.items()}
    infos = {
        name: tfds.core.SplitInfo(name=name, shard_lengths=list(lengths), num_bytes=0)
        for name, lengths in shards.items()
    }
    listing = ", ".join(f"{name} ({size} images)" for name, size in sizes.items())
    try:
        instruction = tfds.core.ReadInstruction.from_spec(spec)
    except (ValueError, NotImplementedError) as error:
        raise InputError(
            f"cannot read {spec!r} as a split; write for example `train`, `train[:90%]` or `train[100:]+test`."
            f" Splits: {listing}"
        ) from error
    for name in _names(spec):
        if name not in sizes and name != "all":
            raise unknown("split", name, sizes)
    try:
        absolute = instruction.to_absolute(infos)
    except ValueError as error:
        raise InputError(f"the split {spec!r} reaches outside of the set. Splits: {listing}") from error
    found = [
        Piece(part.splitname, part.from_ or 0, sizes[part.splitname] if part.to is None else part.to)
        for part in absolute
    ]
    if not found or any(piece.start >= piece.stop for piece in found):
        raise InputError(f"the split {spec!r} holds no image. Splits: {listing}")
    return found


def _names(spec: str) -> list[str]:
    return [part.split("[")[0].strip() for part in spec.split("+")]
