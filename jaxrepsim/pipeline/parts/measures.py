"""Other measures of similarity beside the match, layer by layer."""

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from jaxrepsim import compression
from jaxrepsim.activations import layer_key
from jaxrepsim.chance import calibrate
from jaxrepsim.compression import Compressed, gram
from jaxrepsim.compression.streaming import bounded_summary
from jaxrepsim.errors import unknown
from jaxrepsim.measures import LINEAR, MEASURES, of_all_pairs
from jaxrepsim.numerics.buckets import padded
from jaxrepsim.pipeline.factored import narrow_width
from jaxrepsim.pipeline.part import Inputs, LayerPart, Variables, pairs

OF_PROFILES = ("match_similarity", "match_auc")
"""Rows of the table that every comparison has anyway."""
ENOUGH = 19
"""Draws from which on a calibrated value can be above 0 at the level of 0.05."""
SHARED = 2**22
"""Numbers up to which a layer is padded before it is compressed: to sum up more costs more than to compile for it."""
MOST = 1024
"""Units of all networks together up to which narrow layers are padded."""
Pair = tuple[int, int]


@dataclass(frozen=True)
class Measures(LayerPart):
    """Measures of similarity beside the match; `jaxrepsim measures` lists them."""

    asked_by = "computed"
    reads = ("sampling",)

    names: tuple[str, ...] = ("match_similarity", "match_auc", "linear_cka", "debiased_cka", "procrustes")
    """Which. Similarity by the match is there in any case."""
    draws: int = 0
    """Of shuffled samples, against which each is calibrated; 0 for none. Needs raw activations."""

    requirements = (("draws", "at least 0", lambda value: value >= 0),)

    def __post_init__(self) -> None:
        for name in self.names:
            if name not in MEASURES:
                raise unknown("measure", name, MEASURES)
        super().__post_init__()

    @property
    def computed(self) -> tuple[str, ...]:
        """Those that are not read off the match profile."""
        return tuple(name for name in dict.fromkeys(self.names) if name not in OF_PROFILES)

    def of_layer(self, inputs: Inputs, layer: str) -> xr.Dataset:
        names, width = self.computed, padded_width(inputs)
        of_rows = [name for name in names if MEASURES[name].needs == "rows"]
        draws = _redraws(inputs, layer, width) if len(of_rows) < len(names) else []
        rows = _rows(inputs, layer) if of_rows else []

        def values(both: Sequence[Pair], names: Sequence[str]) -> np.ndarray:
            found = np.full((len(both), len(names)), np.nan)
            if draws:
                found = np.mean([of_pairs(networks, both, names, width) for networks in draws], axis=0)
            shared = of_all_pairs(rows, both, [name for name in names if name in of_rows]) if rows else {}
            for at, name in enumerate(names):
                if name in shared:
                    found[:, at] = shared[name]
            return found

        both = pairs(range(len(inputs.networks)))
        value = values(both, names)
        swapped, turned = value.copy(), [name for name in names if not MEASURES[name].symmetric]
        if turned:
            swapped[:, [names.index(name) for name in turned]] = values([(b, a) for a, b in both], turned)
        dims = ("pair", "measure")
        variables: Variables = {"value": (dims, value), "swapped": (dims, swapped)}
        if self.draws:
            variables |= self._calibrated(inputs, layer)
        return xr.Dataset(variables, {"measure": list(names)})

    def _calibrated(self, inputs: Inputs, layer: str) -> Variables:
        """p-values and calibrated values, on the sample that all that needs rows shares."""
        found = np.full((2, len(inputs.pair_names), len(self.computed)), np.nan)
        if inputs.networks_at is not None or _all_raw(inputs, layer):
            networks = list(inputs.sampled.values())
            each, key = networks[0].group_size[layer], layer_key(inputs.matching.seed, layer)
            rows = [np.asarray(network.positions[layer], np.float64) for network in networks]
            for pair, (x, y) in enumerate(pairs(rows)):
                for at, name in enumerate(self.computed):
                    one = calibrate(name, x, y, jax.random.fold_in(key, pair), self.draws, each)
                    found[:, pair, at] = one.p, one.calibrated if self.draws >= ENOUGH else np.nan
        return {"p": (("pair", "measure"), found[0]), "calibrated": (("pair", "measure"), found[1])}


def padded_width(inputs: Inputs) -> int:
    """The units to which narrow layers are padded by dead ones, so that they share programs."""
    width = narrow_width([rows.shape[-1] for network in inputs.networks.values() for rows in network.layers.values()])
    # Of many networks, the columns that padding adds take longer than the programs it saves.
    return width if width * len(inputs.networks) <= MOST else 0


def of_pairs(networks: Sequence[Compressed], both: Sequence[Pair], names: Sequence[str], width: int) -> np.ndarray:
    """Measures of pairs of networks that are compressed together: (pairs, names), NaN where they need rows.

    Args:
        networks: The networks.
        both: Which pairs of them.
        names: Of the measures.
        width: See `padded_width`.
    """
    found = np.full((len(both), len(names)), np.nan)
    height = max(len(networks[0].rows), (width + 1) * len(networks) + 1)
    wide = [_widened(network, height, width) for network in networks]
    linear = of_all_pairs(wide, both, [name for name in names if name in LINEAR])
    for at, name in enumerate(names):
        if name in linear:
            found[:, at] = linear[name]
        elif MEASURES[name].needs != "rows":
            found[:, at] = [MEASURES[name].function(networks[a], networks[b]) for a, b in both]
    return found


def _widened(network: Compressed, height: int, width: int) -> Compressed:
    rows, units = np.asarray(network.rows), network.rows.shape[1]
    squares = None if network.squares is None else padded(np.asarray(network.squares), (height,))
    return Compressed(padded(rows, (height, max(width, units))), network.samples, squares)


def together(arrays: Sequence[np.ndarray], width: int) -> list[Compressed]:
    """Raw activations compressed together with their means: float32 as sums of products where that is exact enough."""
    if len(arrays[0]) * width > SHARED:
        width = 0
    wide = [padded(array, (len(array), max(width, array.shape[1]))) for array in arrays]
    found, bound = (), np.inf
    if all(array.dtype == np.float32 for array in arrays):
        state = compression.init([array.shape[1] for array in wide], jnp.float32, squares=True)
        found, bound = bounded_summary(compression.update(state, *wide))
    if np.any(np.asarray(bound) > gram.allowed(jnp.float64)):
        found = compression.summarise(*(np.asarray(array, np.float64) for array in wide))
    return [each._replace(rows=each.rows[:, : array.shape[1]]) for each, array in zip(found, arrays, strict=True)]


def _redraws(inputs: Inputs, layer: str, width: int) -> list[Sequence[Compressed]]:
    """All networks in each redraw; none where they are compressed without their means."""
    files = list(inputs.networks.values())
    if _all_raw(inputs, layer):
        return [together([file.layers[layer] for file in files], width)]
    if not all(layer in file.squares for file in files):
        return []
    if files[0].layers[layer].ndim == 2:
        return [[Compressed(file.layers[layer], file.samples[layer], file.squares[layer]) for file in files]]
    return [
        [Compressed(file.layers[layer][draw], file.samples[layer], file.squares[layer][draw]) for file in files]
        for draw in range(len(files[0].layers[layer]))
    ]


def _all_raw(inputs: Inputs, layer: str) -> bool:
    return all(file.is_raw(layer) for file in inputs.networks.values())


def _rows(inputs: Inputs, layer: str) -> list[np.ndarray]:
    """Raw activations of all networks, or a sample of those of a run; none where only compressed ones are there."""
    if _all_raw(inputs, layer):
        return [np.asarray(file.layers[layer], np.float64) for file in inputs.networks.values()]
    if inputs.networks_at is None:
        return []
    return [np.asarray(network.positions[layer], np.float64) for network in inputs.sampled.values()]
