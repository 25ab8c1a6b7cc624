"""What the stages of a run must compute, move and hold, from its settings.

Lower bounds: what is said to be held is held at the same time; what a compiler adds for itself is not in it.
"""

import math
from typing import NamedTuple

from benchmarks import cost_model
from benchmarks.cost_model import Cost
from benchmarks.image_sets import Images, images_of
from benchmarks.network_cost import Network, network
from jaxrepsim.pipeline.config import RunConfig
from jaxrepsim.pipeline.shared_settings import chosen_layers

DOUBLE = 8
"""Bytes of a number in compression and matching."""
ITEMSIZE = {"float32": 4, "bfloat16": 2}


class Stage(NamedTuple):
    """One stage of a run.

    Fields:
        costs: What it computes and moves in all, by precision; one after the other.
        memory: Bytes that one device must hold.
    """

    costs: dict[str, Cost]
    memory: float


class Workload(NamedTuple):
    """A run.

    Fields:
        network: Its network, of one image.
        step: Operations of a training step of one network.
        stages: Training of all seeds, extraction, and matching of all pairs.
    """

    network: Network
    step: float
    stages: dict[str, Stage]


def workload(config: RunConfig, devices: int = 1) -> Workload:
    """The stages of a run, without v-minimal matches, whose number is not known before, theory and alignments.

    Args:
        config: The settings.
        devices: Over how many the work is spread; memory is that of one.

    Returns:
        Their costs.

    Raises:
        InputError: The model, the set of images or a layer is not known.
    """
    images = images_of(config.data)
    net = network(config.model, images.shape, images.classes)
    step = config.training.batch_size * (net.forward + net.backward)
    stages = {
        "training": _training(config, images, net, devices),
        "extraction": _extraction(config, images, net, devices),
        "matching": _matching(config, images, net),
    }
    return Workload(net, step, stages)


def _training(config: RunConfig, images: Images, net: Network, devices: int) -> Stage:
    training = config.training
    precision = training.precision
    itemsize, batch = ITEMSIZE[precision], training.batch_size
    # Weights are read by both passes; gradient, momentum and weights are read and written by the update.
    moved = 2 * batch * net.kept * itemsize + net.weights * (2 * itemsize + 6 * 4)
    epochs = training.epochs * len(training.seeds)
    steps = epochs * (images.train // batch)
    seen = epochs * images.validation
    costs = {precision: Cost(steps * batch * (net.forward + net.backward), steps * moved)}
    evaluation = Cost(seen * net.forward, seen * net.activations * 4)
    costs["float32"] = _sum(costs.get("float32"), evaluation)
    at_once = min(training.seeds_at_once, len(training.seeds))
    networks = -(-at_once // devices)
    share = batch if at_once > 1 else -(-batch // devices)
    copy = itemsize if itemsize < 4 else 0
    memory = networks * (net.weights * (3 * 4 + copy) + share * net.kept * itemsize) + images.resident
    return Stage(costs, memory)


def _extraction(config: RunConfig, images: Images, net: Network, devices: int) -> Stage:
    networks, batch = len(config.training.seeds), _batch(config, images, devices)
    seen = networks * images.validation
    costs = {"float32": Cost(seen * net.forward, 2 * seen * net.activations * 4)}
    held = []
    for state in states(config, images, net):
        one = cost_model.streaming(state.samples, state.units)
        cost = Cost(state.redraws * one.operations, state.redraws * one.bytes)
        costs["float64"] = _sum(costs.get("float64"), cost)
        held.append(state.bytes)
    maps = networks * batch // devices * net.activations * 4
    # Every state at once, and the products of a batch of the largest.
    return Stage(costs, sum(held) + max(held) + maps + networks * net.weights * 4)


class State(NamedTuple):
    """The joint compression of a layer on one device.

    Fields:
        samples: Of the layer that are compared, on all devices.
        redraws: How many such compressions there are.
        units: Of all networks.
        networks: How many.
    """

    samples: int
    redraws: int
    units: int
    networks: int

    @property
    def bytes(self) -> int:
        """What it takes."""
        # Products of the units, the lengths of samples in each network, and ones; and what they lost to rounding.
        return self.redraws * (2 * (self.units + self.networks + 1) ** 2 + self.units + 1) * DOUBLE


def states(config: RunConfig, images: Images, net: Network) -> list[State]:
    """What extraction holds of every layer; see `jaxrepsim.pipeline.passes.extraction`."""
    found, networks = [], len(config.training.seeds)
    for layer in _layers(config, net):
        samples, redraws = _samples(config, images, layer)
        found.append(State(samples, max(redraws, 1), networks * layer[-1], networks))
    return found


def _matching(config: RunConfig, images: Images, net: Network) -> Stage:
    networks = len(config.training.seeds)
    pairs = networks * (networks - 1) // 2
    cost, memory = Cost(0, 0), 0
    for layer in _layers(config, net):
        samples, redraws = _samples(config, images, layer)
        units = layer[-1]
        rows, draws = min(samples, networks * units), max(redraws, 1)
        cost = _sum(cost, cost_model.profile(rows, units, pairs * draws, DOUBLE))
        # Both sides' rows; and of each side the dual basis and the coordinates in it.
        memory = max(memory, pairs * draws * (2 * rows * units + 4 * units**2) * DOUBLE)
    return Stage({"float64": cost}, memory)


def _batch(config: RunConfig, images: Images, devices: int) -> int:
    return -(-min(config.matching.batch_size, images.validation) // devices) * devices


def _layers(config: RunConfig, net: Network) -> list[tuple[int, ...]]:
    return [net.layers[name] for name in chosen_layers(list(net.layers), config.matching.layers)]


def _samples(config: RunConfig, images: Images, layer: tuple[int, ...]) -> tuple[int, int]:
    """How many samples of a layer are compared, and how often they are drawn; 0 where all are used."""
    each, positions = math.prod(layer[:-1]), config.matching.positions
    every = images.validation * each
    if positions is None or each == 1 or positions >= every:
        return every, 0
    return positions, config.matching.redraws


def _sum(first: Cost | None, second: Cost) -> Cost:
    return second if first is None else Cost(first.operations + second.operations, first.bytes + second.bytes)
