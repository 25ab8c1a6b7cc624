"""What is gathered of each layer while the images go by: no activation is kept."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim.activations import layer_key, positions_of_each
from jaxrepsim.convergent import Moments, RowSample, exciting, moments, row_sample
from jaxrepsim.convergent.exciting import Exciting
from jaxrepsim.pipeline.passes.forward import check_counts
from jaxrepsim.pipeline.passes.sources import Activations, Source, beside, by_image, chosen_rows
from jaxrepsim.pipeline.progress import Progress

CAPACITY = 10_000
"""Rows from which bins are made. A bin of a ninth of all values then is wrong by some 3 % of itself."""
SHARED_WIDTH = 128
"""Narrower layers are padded with constant units to so many, which change nothing: one compiled program serves all."""


class Wanted(NamedTuple):
    """What is gathered of each layer, besides the moments of all images.

    Fields:
        rows: At most so many rows of a layer are looked at, as many positions of each image as this allows.
        halves: Moments of two halves of the images, one to fit on and one to hold out.
        bins: A sample of rows, to make bins from.
        exciting: For each unit so many images that excite it most.
    """

    rows: int = 1_000_000
    halves: bool = False
    bins: bool = False
    exciting: int = 0


class Statistics(NamedTuple):
    """Of one layer, all networks together. In moments, constant units follow those that each network has.

    Fields:
        fitted: Moments of the images that are fitted on; of all images where none are held out.
        held_out: Moments of the other images; None where none are held out.
        rows: A sample of rows; None where none is wanted.
        exciting: For each network the images that excite its units most; empty where these are not wanted.
        chosen: The positions of each image that are looked at.
        shape: Of the layer's map; () for a dense layer.
        widths: The units that each network has.
    """

    fitted: Moments
    held_out: Moments | None
    rows: RowSample | None
    exciting: tuple[Exciting, ...]
    chosen: np.ndarray
    shape: tuple[int, ...]
    widths: list[int]

    @property
    def whole(self) -> Moments:
        """Moments of all images."""
        return self.fitted if self.held_out is None else moments.merge(self.fitted, self.held_out)


def gather(
    source: Source, layers: Sequence[str], wanted: Wanted, seed: int, progress: Progress
) -> dict[str, Statistics]:
    """One pass over all images. It is called in float64.

    Args:
        source: The networks.
        layers: Which layers.
        wanted: What is gathered.
        seed: Draws positions, rows, and the half of the images that is held out.
        progress: Told of every batch.

    Returns:
        The statistics of each layer, in float64.

    Raises:
        InputError: An activation is NaN or infinite.
    """
    states: dict[str, _State] = {}
    shapes: dict[str, tuple[int, ...]] = {}
    chosen: dict[str, np.ndarray] = {}
    for batch in source.batches(layers):
        faults = {}
        for layer, maps in batch.layers.items():
            if layer not in states:
                shapes[layer] = maps[0].shape[1:-1]
                states[layer] = _begin(maps, wanted)
                chosen[layer] = positions_of_each(shapes[layer], wanted.rows // source.images(layer), seed)
            held_out = _held_out(seed, source.images(layer), batch) if wanted.halves else jnp.zeros_like(batch.real)
            key = jax.random.fold_in(layer_key(seed, layer), batch.first)
            states[layer], faults[layer] = _absorb(
                states[layer], maps, chosen[layer], batch.first, batch.real, held_out, key
            )
            progress("gathering statistics", batch.stop, source.images(layer), layer)
        check_counts(faults, source.names, batch.first, batch.stop)
    return {layer: _finished(states.pop(layer), chosen[layer], shapes[layer]) for layer in layers}


class _State(NamedTuple):
    fitted: Moments
    held_out: Moments | None
    rows: RowSample | None
    exciting: tuple[Exciting, ...]


def _begin(maps: Sequence[jax.Array], wanted: Wanted) -> _State:
    units = [one.shape[-1] for one in maps]
    dtype = jnp.result_type(jnp.float32, *maps)
    state = _State(
        moments.init(units, jnp.float64),
        moments.init(units, jnp.float64) if wanted.halves else None,
        row_sample.init(units, CAPACITY, dtype) if wanted.bins else None,
        tuple(exciting.init(n, wanted.exciting) for n in units) if wanted.exciting else (),
    )
    return beside(maps, state)


def _finished(state: _State, chosen: np.ndarray, shape: tuple[int, ...]) -> Statistics:
    widths = [len(means) for means in state.fitted.means]
    width = max(SHARED_WIDTH, *widths)
    fitted = moments.widened(state.fitted, width)
    held_out = None if state.held_out is None else moments.widened(state.held_out, width)
    return Statistics(fitted, held_out, state.rows, state.exciting, chosen, shape, widths)


def _held_out(seed: int, images: int, batch: Activations) -> jax.Array:
    """Which images of a batch are in the half that is not fitted: the same for every layer of as many images."""
    order = np.random.default_rng([seed, images]).permutation(images)
    held_out = np.zeros(batch.first + len(batch.real), bool)
    second = order[: images // 2]
    held_out[second[second < len(held_out)]] = True
    return jnp.asarray(held_out[batch.first :])


@partial(jax.jit, donate_argnums=0)
def _absorb(
    state: _State,
    maps: tuple[jax.Array, ...],
    chosen: jax.Array,
    first: jax.Array,
    real: jax.Array,
    held_out: jax.Array,
    key: jax.Array,
) -> tuple[_State, tuple[jax.Array, ...]]:
    each = [by_image(values) for values in maps]
    faults = tuple(jnp.sum(real[:, None, None] & ~jnp.isfinite(one), axis=(0, 1)) for one in each)
    rows = chosen_rows(maps, chosen)
    used, held_out = (jnp.repeat(mask, len(chosen)) for mask in (real, held_out))
    return (
        _State(
            moments.update(state.fitted, *rows, where=used & ~held_out),
            None if state.held_out is None else moments.update(state.held_out, *rows, where=used & held_out),
            None if state.rows is None else row_sample.update(state.rows, key, *rows, where=used),
            tuple(exciting.update(one, values, first, real) for one, values in zip(state.exciting, each, strict=False)),
        ),
        faults,
    )
