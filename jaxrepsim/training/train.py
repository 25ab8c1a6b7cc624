"""Training one network from one seed, and many networks from many."""

from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from pathlib import Path

from jaxrepsim.data.dataset import Dataset
from jaxrepsim.models.network import Network
from jaxrepsim.training.checkpoints import positions
from jaxrepsim.training.config import TrainingConfig
from jaxrepsim.training.loop import train_seeds
from jaxrepsim.training.progress import Progress, silent
from jaxrepsim.training.records import TrainedNetwork


def train_network(
    model: Network,
    dataset: Dataset,
    config: TrainingConfig,
    seed: int,
    folder: Path | None = None,
    progress: Progress = silent,
) -> TrainedNetwork:
    """Trains a network, or resumes from its last checkpoint.

    The seed fixes the initial weights, the order of the examples, augmentation and dropout (but for what
    `config.shared` takes from seed 0); nothing else is random. On one platform the same arguments give the same weights
    bit for bit, whether or not the training was interrupted (killed at any time) and whichever other networks are
    trained after it. Each batch is spread over as many local devices as it can be dealt out to; another number of
    devices changes the rounding.

    Where SIGTERM is heeded (`jaxrepsim.preemption`), training stops after the step under way, or after the epoch where
    an accelerator runs it as one program, and writes a checkpoint of that step.

    Args:
        model: A network whose call gives `(logits, activations)`, such as `jaxrepsim.models.build` makes.
        dataset: Train and validation split.
        config: The settings; `config.seeds` plays no part. The checkpoints of `config.keep` stay beside the last two;
            a training that resumes with another `keep` removes what that one does not ask for.
        seed: From 0 to 2³¹ − 1.
        folder: Where the checkpoints go, in a subfolder `seed_N`; None for no checkpoints.
        progress: Called after every step, or after every epoch: see `Progress`.

    Returns:
        The network after `config.epochs` epochs, or after the best one. A complete checkpoint is returned as it is.

    Raises:
        InputError: The batch is larger than the train split; the loss stopped being finite; the folder holds a
            damaged checkpoint or one of other settings, or is past an epoch of `config.keep`, or the best one that
            `config.checkpoint` asks for, and does not hold it; the disk is full.
        Preempted: The process was asked to stop. Names seed, epoch and step.
    """
    (network,) = train_seeds(model, dataset, config, (seed,), folder, progress)
    return network


def train_networks(
    model: Network,
    dataset: Dataset,
    config: TrainingConfig,
    folder: Path | None = None,
    progress: Progress = silent,
) -> tuple[TrainedNetwork, ...]:
    """Trains one network for each of `config.seeds`: one after the other, or `config.seeds_at_once` in one program.

    One after the other they share the compiled step, and each has all local devices. In one program they are spread
    over the devices, and those of one device are vmapped: then convolutions become grouped ones, which a CPU runs
    slower (`benchmarks.seeds_at_once`), and rounding depends on how many there are. Those that resume from checkpoints
    share a program with those that have come as far.

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
        for seeds in _groups(config, folder)
        for network in train_seeds(model, dataset, config, seeds, folder, progress)
    ]
    return tuple(sorted(networks, key=lambda network: config.seeds.index(network.seed)))


def _groups(config: TrainingConfig, folder: Path | None) -> Iterator[tuple[int, ...]]:
    """The seeds of each program: all at the same position, the furthest first."""
    if config.seeds_at_once == 1 or folder is None:
        yield from _batched(config.seeds, config.seeds_at_once)
        return
    reached = {seed: positions(folder / f"seed_{seed}")[-1:] for seed in config.seeds}
    for _, seeds in groupby(sorted(config.seeds, key=reached.__getitem__, reverse=True), key=reached.__getitem__):
        yield from _batched(seeds, config.seeds_at_once)


def _batched(seeds: Iterable[int], size: int) -> Iterator[tuple[int, ...]]:
    """Tuples of so many seeds, the last one shorter where they do not come out even (Python 3.12 has it)."""
    rest = iter(seeds)
    while group := tuple(islice(rest, size)):
        yield group
