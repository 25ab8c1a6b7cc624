"""Training several seeds: one after the other, or in one program by `lax.map` or by `vmap` (`training.seeds_at_once`).

python -m benchmarks.seeds_at_once

All three train the same networks, from the same first weights on the same batches, for the same few steps; which
weights come out is compared. Where there are several devices, one after the other spreads each batch over all of them,
and one program spreads the seeds.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import tyro
from jax import lax
from jax.sharding import PartitionSpec as P
from rich.console import Console

from benchmarks.environment import described
from benchmarks.table import markdown
from benchmarks.timing import in_words, interleave, ratios, spread
from jaxrepsim.data.dataset import Split
from jaxrepsim.models import ModelConfig, build
from jaxrepsim.progress_bars import Bars
from jaxrepsim.training import TrainingConfig
from jaxrepsim.training.epoch import run_epoch
from jaxrepsim.training.keys import keys
from jaxrepsim.training.placement import AXIS, Placement, place
from jaxrepsim.training.step import TrainState, initial_state, make_recipe

WAYS = ("loop", "map", "vmap")
CLASSES = 10


@dataclass(frozen=True)
class Options:
    """Prints a table as GitHub markdown; progress goes to standard error."""

    models: tuple[str, ...] = ("vgg11_bn", "resnet20")
    """Which networks."""
    width: float = 0.5
    """Of the networks, as in a run's settings."""
    size: int = 32
    """Pixels a side of the images, which are noise."""
    seeds: int = 4
    """How many networks."""
    batch_size: int = 32
    """Images a step."""
    steps: int = 3
    """Steps of an epoch."""
    repeats: int = 5
    """Rounds."""
    quick: bool = False
    """At toy size, to see that it works."""


class Mapped(Placement):
    """Networks in one program, those of a device one after the other."""

    def each(self, function: Callable[..., Any], common: Sequence[bool]) -> Callable[..., Any]:
        """See `Placement.each`."""

        def local(*arguments: Any) -> Any:
            def one(own: list[Any]) -> Any:
                rest = iter(own)
                return function(*[a if each else next(rest) for a, each in zip(arguments, common, strict=True)])

            return lax.map(one, [a for a, each in zip(arguments, common, strict=True) if not each])

        specs = tuple(P() if each else P(AXIS) for each in common)
        return jax.shard_map(local, mesh=self.mesh, in_specs=specs, out_specs=P(AXIS))


def sides(options: Options, name: str) -> dict[str, Callable[[], list[TrainState]]]:
    """For each way a function that trains all seeds for an epoch."""
    random = np.random.default_rng(0)
    count = options.steps * options.batch_size
    images = random.integers(0, 256, (count, options.size, options.size, 3), np.uint8)
    split = Split(images, random.integers(0, CLASSES, count, np.int32))
    # A small rate, so that what rounding differs by does not grow.
    config = TrainingConfig(batch_size=options.batch_size, learning_rate=1e-3, crop_padding=4, flip=True)
    model = build(ModelConfig(name, width=options.width), options.size, CLASSES)
    recipe = make_recipe(model, config, count, (0.5,) * 3, (0.25,) * 3)
    drawn = [keys(config, seed) for seed in range(options.seeds)]
    first = [initial_state(recipe, images.shape[1:], own.initialisation) for own in drawn]

    def epoch(placement: Placement, where: Split, chosen: range) -> list[TrainState]:
        # Copies, because an epoch takes the buffers.
        states = placement.stack([jax.tree.map(jnp.copy, first[i]) for i in chosen])
        orders, augmentations = zip(*[drawn[i].of_epoch(1) for i in chosen], strict=True)
        states, _ = run_epoch(recipe, placement, states, where, orders, augmentations, lambda step: None)
        return placement.unstack(states)

    alone, together = place(1, options.batch_size), place(options.seeds, options.batch_size)
    mapped = Mapped(together.networks, together.mesh)
    spread_alone, spread_together = alone.shared(split), together.shared(split)
    every = range(options.seeds)

    def loop() -> list[TrainState]:
        return [state for i in every for state in epoch(alone, spread_alone, range(i, i + 1))]

    return {
        "loop": loop,
        "map": partial(epoch, mapped, spread_together, every),
        "vmap": partial(epoch, together, spread_together, every),
    }


def apart(first: list[TrainState], second: list[TrainState]) -> float:
    """The largest difference of a weight, relative to the largest weight of its array."""
    pairs = zip(jax.tree.leaves([s.params for s in first]), jax.tree.leaves([s.params for s in second]), strict=True)
    return max(float(jnp.abs(a - b).max() / jnp.maximum(jnp.abs(a).max(), 1e-3)) for a, b in pairs)


def main(options: Options) -> int:
    """Measures, and prints the table.

    Returns:
        0 where the three ways give the same weights, else 1.
    """
    if options.quick:
        options = Options(models=("vgg11_bn",), width=0.05, size=8, seeds=2, batch_size=8, steps=2, repeats=2)
    bars = Bars(Console(stderr=True))
    rows, agree = [], True
    for name in options.models:
        measured = interleave(sides(options, name), options.repeats)
        loop = measured["loop"]
        for way in WAYS:
            side = measured[way]
            times, all_times = ratios(side.timing, loop.timing)
            error = apart(loop.result, side.result)
            agree &= error < 1e-2
            against = "1" if way == "loop" else f"{times:.3g} ({spread(all_times)})"
            rows.append((name, way, in_words(side.timing.median / options.steps), against, f"{error:.0e}"))
            bars.say(f"  {name}, {way}: {side.timing}, {against} times the loop")
    print(
        f"{described()}; {options.seeds} seeds, width {options.width:g}, batches of {options.batch_size} images of "
        f"{options.size} pixels, {options.steps} steps\n"
    )
    print(markdown(("network", "way", "a step of all seeds", "against the loop", "weights apart by"), rows))
    return int(not agree)


if __name__ == "__main__":
    sys.exit(main(tyro.cli(Options)))
