"""Any measure beside what it gives for shuffled samples."""

import inspect
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from types import ModuleType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, ArrayLike, Float, Int, Key
from jaxrepsim.chance.draws import CHUNK, check_draws, keys_of, of_draws
from jaxrepsim.chance.groups import groups_of, order_of_rows, permuted_rows
from jaxrepsim.chance.p_values import p_value
from jaxrepsim.chance.reordered import Factored, alone, beside, factored
from jaxrepsim.compression import Compressed
from jaxrepsim.errors import FewSamplesWarning, InputError, unknown
from jaxrepsim.measures import MEASURES, Measure
from jaxrepsim.numerics.buckets import padded, size_bucket, width_bucket
from jaxrepsim.numerics.concrete import in_numpy
from jaxrepsim.numerics.inputs import as_activations, on_device, traced
from jaxrepsim.numerics.permutations import rounds_of


class Calibration(NamedTuple):
    """A measure beside its null of shuffled samples. Leading axes are batches."""

    observed: Float[Array, "*batch"]
    """The measure of the networks as they are."""
    null: Float[Array, "*batch draws"]
    """Of the second network's samples in random order. What differs from the observed value by no more than rounding
    is that value."""
    p: Float[Array, "*batch"]
    """How probable it is that chance gives networks as much alike: `p_value`, of distances the other way round."""
    calibrated: Float[Array, "*batch"]
    """In [0, 1]: 0 for what chance gives, 1 for the same up to the measure's invariances."""


class LayerCalibration(NamedTuple):
    """Of layers of one network against layers of another."""

    cells: Calibration
    """Of every two layers by themselves, (k_x, k_y); nothing is corrected for their number."""
    best: Calibration
    """Of the two layers that are most alike, against the most alike two of each draw: one test for the search."""


def calibrate(
    measure: str | Measure,
    x: ArrayLike,
    y: ArrayLike,
    key: Key[Array, ""],
    draws: int,
    group_size: int = 1,
    level: float = 0.05,
    **options: Any,
) -> Calibration:
    """A measure of two networks, how probable that much is by chance, and how far it is above chance.

    The null keeps each network as it is and destroys which sample of one belongs to which of the other: `draws` random
    orders of the second network's samples. Where samples are independent of one another, all orders are equally likely
    for independent networks, the one that was observed included, and so p ≤ α has a probability of at most α, for any
    measure, any number of samples and any number of units. With s the similarity, or the negative of a distance:

        p = (1 + #{null ≥ s}) / (1 + draws)
        calibrated = min(1, max(0, (s − τ) / (s_max − τ)))

    where τ is the ⌈(1 − level)(1 + draws)⌉-th smallest of the null and s together, and s_max what networks have that
    are the same for the measure: 1, or the distance 0. It is above 0 exactly where p ≤ level. Unlike raw values,
    calibrated ones of networks of other widths and other numbers of samples compare: n units on too few samples read
    0, where `cca` of independent networks reads 1.

    For measures that need inner products alone, each network is factored once, and a draw takes one product of the
    samples, and the measure on few rows. Nothing warns of few samples here, as chance is what is measured.

    Args:
        measure: A name in `jaxrepsim.measures.MEASURES`, or a row of it.
        x: (samples, n_x), raw activations of the first network, one row a sample.
        y: (samples, n_y), raw activations of the second on the same samples.
        key: Of all draws.
        draws: How many; static. With fewer than 1/level − 1 every calibrated value is 0.
        group_size: Rows come in consecutive groups of that many, such as the positions of one image, and are shuffled
            together; static.
        level: α of the threshold τ, in (0, 1).
        **options: Of the measure, such as `epsilon=0.2`.

    Returns:
        The observed value, the null (draws,), the p-value and the calibrated value.

    Raises:
        InputError: A name that is not in the table, an option that the measure lacks, compressed activations, a level
            outside (0, 1); or what the measure itself refuses.
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different numbers of samples, groups that do not divide them, no draw, or a concrete
            activation that is NaN or infinite. Where one is traced, all is NaN.

    Source: Gröger, Wen and Brbić 2026, Revisiting the Platonic Representation Hypothesis: An Aristotelian View
    (arXiv:2602.14486), algorithm 1. Theirs is of similarities and of single samples; distances and groups are ours.

    >>> import jax
    >>> x, y, noise = jax.random.normal(jax.random.key(0), (3, 40, 20))
    >>> for other in (y, x + noise):
    ...     found = calibrate("linear_cka", x, other, jax.random.key(1), draws=99)
    ...     print(f"{float(found.observed):.1f} {float(found.p):.2f} {float(found.calibrated):.1f}")
    0.3 0.67 0.0
    0.6 0.01 0.4
    """
    cells = calibrate_layers(measure, [x], [y], key, draws, group_size, level, **options).cells
    return Calibration(*(field[0, 0] if traced(field) else on_device(np.asarray(field)[0, 0]) for field in cells))


def calibrate_layers(
    measure: str | Measure,
    xs: Sequence[ArrayLike],
    ys: Sequence[ArrayLike],
    key: Key[Array, ""],
    draws: int,
    group_size: int = 1,
    level: float = 0.05,
    **options: Any,
) -> LayerCalibration:
    """`calibrate` of every layer of a network against every layer of another, and of the best of them.

    The most alike two of many layers are more alike than two given ones, by chance too. So the largest value over all
    cells is held against the largest of each draw, in which one order of samples serves all layers of the second
    network: p of `best` is the p-value of the search.

    Args:
        measure: A name in `jaxrepsim.measures.MEASURES`, or a row of it.
        xs: (samples, n_a) each, raw activations of the layers of the first network.
        ys: (samples, n_b) each, of the layers of the second on the same samples.
        key: Of all draws.
        draws: How many; static.
        group_size: Rows that are shuffled together; static.
        level: α of the threshold, in (0, 1).
        **options: Of the measure.

    Returns:
        All cells (k_x, k_y), and the best.

    Raises:
        InputError: As `calibrate`, or no layers.
        TypeError: Activations that are not real numbers.
        ValueError: As `calibrate`.

    Source: algorithm 2 of the same paper, with the maximum; Westfall and Young 1993, Resampling-Based Multiple Testing.

    >>> import jax
    >>> x, y, noise = jax.random.normal(jax.random.key(0), (3, 40, 5))
    >>> found = calibrate_layers("procrustes", [x, noise], [y, x + y], jax.random.key(1), draws=19)
    >>> found.cells.p.shape, bool(found.best.observed == found.cells.observed[0, 1]), round(float(found.best.p), 2)
    ((2, 2), True, 0.05)
    """
    row = _row(measure, options)
    check_draws(draws)
    if not isinstance(level, int | float) or not 0 < level < 1:
        raise InputError(f"level must lie in (0, 1), received {level}")
    if not len(xs) or not len(ys):
        raise InputError(f"layers of both networks are compared, received {len(xs)} and {len(ys)}")
    if any(isinstance(layer, Compressed) for layer in (*xs, *ys)):
        raise InputError("a permutation needs the samples, and a compression has lost them: give raw activations")
    arrays = as_activations(*xs, *ys)
    firsts, seconds = arrays[: len(xs)], arrays[len(xs) :]
    groups_of(len(arrays[0]), group_size)
    function = partial(row.function, **options)
    find = _in_a_program if traced(arrays, key) else _on_the_host
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewSamplesWarning)
        found = find(function, row.needs != "rows", (firsts, seconds), key, draws, group_size)
    # As similarities: more is more alike.
    sign, largest = (1, row.range[1]) if row.kind == "similarity" else (-1, -row.range[0])
    observed, null = in_numpy(_snapped, *(sign * values for values in found))
    cells = _calibrated(observed, null, largest, level)
    best = _calibrated(in_numpy(_most, observed), in_numpy(_most, null), largest, level)
    return LayerCalibration(*(in_numpy(_signed, each, sign=sign) for each in (cells, best)))


def _row(measure: str | Measure, options: dict[str, Any]) -> Measure:
    """Of the table, for options that its function has."""
    if not isinstance(measure, Measure):
        if measure not in MEASURES:
            raise unknown("measure", str(measure), MEASURES)
        measure = MEASURES[measure]
    networks = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.POSITIONAL_ONLY)
    parameters = inspect.signature(measure.function).parameters.values()
    known = [each.name for each in parameters if each.kind not in networks and each.name not in ("x", "y")]
    for option in options:
        if option not in known:
            raise unknown(f"option of {measure.function.__name__}", option, known)
    return measure


Layers = tuple[Sequence[Array], Sequence[Array]]
Found = tuple[Array | np.ndarray, Array | np.ndarray, Array | np.ndarray]
"""The observed values (k_x, k_y); the same on the way of the draws; and the draws (k_x, k_y, draws)."""


def _in_a_program(
    function: Callable, few: bool, layers: Layers, key: Key[Array, ""], draws: int, group_size: int
) -> Found:
    xs, ys = layers

    def values(rows: Array | slice) -> Array:
        return jnp.stack([jnp.stack([jnp.asarray(function(x, y[rows])) for y in ys]) for x in xs])

    def draw(key: Array) -> Array:
        return values(permuted_rows(key, len(xs[0]), group_size))

    observed = values(slice(None))
    return observed, observed, jnp.moveaxis(jax.lax.map(draw, jax.random.split(key, draws)), 0, -1)


def _on_the_host(
    function: Callable, few: bool, layers: Layers, key: Key[Array, ""], draws: int, group_size: int
) -> Found:
    """Draw by draw, by the programs that plain calls of the measure share."""
    xs, ys = layers
    samples = len(xs[0])
    observed = np.array([[function(x, y) for y in ys] for x in xs])
    widest = [max(layer.shape[1] for layer in each) for each in layers]
    few = few and samples > sum(map(_directions, widest))
    sides: list[list[Any]] = [[_factored(layer) if few else layer for layer in each] for each in layers]
    pairs_of = _few_rows if few else _raw_pairs
    null = np.empty((*observed.shape, draws + 1), observed.dtype)
    for first, orders in _orders(key, draws, samples, group_size):
        for i, x in enumerate(sides[0]):
            for j, y in enumerate(sides[1]):
                values = [function(*pair) for pair in pairs_of(x, y, orders)]
                null[i, j, first : first + len(values)] = values
    return observed, null[..., 0], null[..., 1:]


def _orders(
    key: Key[Array, ""], draws: int, samples: int, group_size: int
) -> Iterator[tuple[int, Int[np.ndarray, "some samples"]]]:
    """The orders of the samples, some at a time with the number of the first: as they are, and then of each draw."""
    groups = groups_of(samples, group_size)
    keys, order = keys_of(key, draws), (groups, group_size, rounds_of(groups))
    yield 0, np.arange(samples)[None]
    for start in range(0, draws, CHUNK):
        count = min(CHUNK, draws - start)
        which = np.minimum(start + np.arange(CHUNK), draws - 1)
        found = _shuffled(np.empty(size_bucket(samples, 64)), keys, which, count, order)
        yield 1 + start, np.asarray(found)[:count, :samples]


@jax.jit
def _shuffled(rows: Array, keys: Array, which: Array, count: Array, order: tuple) -> Int[Array, "some m"]:
    return of_draws(lambda key: order_of_rows(key, len(rows), *order), keys, which, count, 8 * len(rows))


def _raw_pairs(x: Array, y: Array, orders: Int[np.ndarray, "some samples"]) -> Iterator[tuple[Array, np.ndarray]]:
    values = np.asarray(y)
    return ((x, values[order]) for order in orders)


class _Layer(NamedTuple):
    """A layer, factored and padded."""

    factors: Factored
    units: int


def _factored(layer: Array) -> _Layer:
    samples, units = layer.shape
    wide = padded(layer, (size_bucket(samples, 64), width_bucket(units)))
    return _Layer(factored(wide, samples), units)


def _directions(units: int) -> int:
    """Of a network that is factored: those of its units, padded, and of the squared lengths of its samples."""
    return width_bucket(units) + 1


def _few_rows(x: _Layer, y: _Layer, orders: Int[np.ndarray, "some samples"]) -> Iterator[tuple[Compressed, Compressed]]:
    samples, height = orders.shape[1], len(y.factors.basis)
    behind = np.arange(samples, height)
    rows, squares = map(np.asarray, alone(x.factors, y.factors))
    fixed = Compressed(rows[:, : x.units], samples, squares)
    for order in orders:
        rows, squares = map(np.asarray, beside(x.factors, y.factors, np.concatenate([order, behind])))
        yield fixed, Compressed(rows[:, : y.units], samples, squares)


def _snapped(xp: ModuleType, observed: Any, again: Any, null: Any) -> tuple[Any, Any]:
    """Of the observed values and the null: what differs from the observed one by rounding is that value."""
    rounding = 64 * xp.finfo(again.dtype).eps * xp.maximum(xp.abs(again), 1)
    near = xp.abs(null - again[..., None]) <= rounding[..., None]
    return observed, xp.where(near, observed[..., None], null)


def _calibrated(observed: Array, null: Array, largest: float, level: float) -> Calibration:
    score = in_numpy(_score, observed, null, largest=largest, level=level)
    return Calibration(observed, null, p_value(observed, null), score)


def _score(xp: ModuleType, observed: Any, null: Any, *, largest: float, level: float) -> Any:
    every = xp.sort(xp.concatenate([observed[..., None], null], axis=-1), axis=-1)
    # ⌈(1 − level)(1 + draws)⌉, which rounding must not raise.
    place = every.shape[-1] - math.floor(level * every.shape[-1] + 1e-9)
    threshold = every[..., max(place, 1) - 1]
    above, room = observed - threshold, largest - threshold
    there = (above > 0) & (room > 0)
    score = xp.clip(xp.where(there, above, 0) / xp.where(there, room, 1), 0, 1)
    known = ~(xp.isnan(observed) | xp.isnan(null).any(axis=-1))
    return xp.where(known, score, xp.nan).astype(observed.dtype)


def _most(xp: ModuleType, values: Any) -> Any:
    return values.max(axis=(0, 1))


def _signed(xp: ModuleType, found: Calibration, *, sign: int) -> Calibration:
    return found._replace(observed=sign * found.observed, null=sign * found.null)
