"""Training one network for each seed."""

from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from pathlib import Path

from flax import linen as nn

from jaxrepsim.data.dataset import Dataset
from jaxrepsim.training.config import TrainingConfig
from jaxrepsim.training.progress import Progress, silent
from jaxrepsim.training.together import train_together
from jaxrepsim.training.trained import TrainedNetwork


def train_networks(
    model: nn.Module,
    dataset: Dataset,
    config: TrainingConfig,
    folder: Path | None = None,
    progress: Progress = silent,
) -> tuple[TrainedNetwork, ...]:
    """Trains one network for each of `config.seeds`: one after the other, or `config.seeds_at_once` in one program.

    One after the other they share the compiled step, and each has all local devices. In one program they are spread
    over the devices, and those of one device are vmapped: then convolutions become grouped ones, which a CPU runs
    slower (`benchmarks.several_seeds`), and rounding depends on how many there are. Those that go on from checkpoints
    are put together with others that are as far.

    Args:
        model: As in `train_network`.
        dataset: As in `train_network`.
        config: As in `train_network`; `config.seeds` says which networks.
        folder: As in `train_network`. Networks whose checkpoints are complete are not trained again.
        progress: As in `train_network`.

    Returns:
        The networks, in the order of `config.seeds`.

    Raises:
        InputError: As in `train_network`.
        Preempted: As in `train_network`.
    """
    networks = [
        network
        for seeds in _groups(dataset, config, folder)
        for network in train_together(model, dataset, config, seeds, folder, progress)
    ]
    return tuple(sorted(networks, key=lambda network: config.seeds.index(network.seed)))


def _groups(dataset: Dataset, config: TrainingConfig, folder: Path | None) -> Iterator[tuple[int, ...]]:
    """The seeds that are trained together, those that are furthest first."""
    if config.seeds_at_once == 1 or folder is None:
        yield from _batched(config.seeds, config.seeds_at_once)
        return
    # Here, because Orbax is not needed without a folder.
    from jaxrepsim.training.kept import position

    steps = len(dataset.train.labels) // config.batch_size
    far = {seed: position(folder / f"seed_{seed}", steps) for seed in config.seeds}
    for _, seeds in groupby(sorted(config.seeds, key=far.__getitem__, reverse=True), key=far.__getitem__):
        yield from _batched(seeds, config.seeds_at_once)


def _batched(seeds: Iterable[int], size: int) -> Iterator[tuple[int, ...]]:
    """Tuples of so many seeds, the last one shorter where they do not come out even (Python 3.12 has it)."""
    rest = iter(seeds)
    while group := tuple(islice(rest, size)):
        yield group
