"""Measures of raw activations, of many pairs: what each network needs is computed once."""

import inspect
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from itertools import chain
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxrepsim._typing import Array, Values
from jaxrepsim.measures.mutual_knn import STEPS as MUTUAL_KNN
from jaxrepsim.measures.mutual_knn import mutual_knn
from jaxrepsim.measures.networks import Raw
from jaxrepsim.measures.rbf_cka import STEPS as RBF_CKA
from jaxrepsim.measures.rbf_cka import rbf_cka
from jaxrepsim.measures.ridge import STEPS as RIDGE
from jaxrepsim.measures.ridge import ridge
from jaxrepsim.measures.rsa import STEPS as RSA
from jaxrepsim.measures.rsa import rsa
from jaxrepsim.measures.steps import Steps
from jaxrepsim.numerics.buckets import padded, size_bucket, units_bucket
from jaxrepsim.numerics.products import with_all_digits

HELD = 2**30
"""Bytes of descriptions that are kept at a time; two networks are kept whatever they take."""


class _Compiled(NamedTuple):
    """A measure at its defaults."""

    options: Callable
    """As in `Steps`, of the number of samples alone."""
    described: Any
    """What `jax.jit` gives, whose shapes can be asked for."""
    compared: Callable


def _compiled(function: Callable, steps: Steps) -> _Compiled:
    _, _, *options = inspect.signature(function).parameters.values()
    return _Compiled(
        partial(steps.options, **{option.name: option.default for option in options}),
        jax.jit(with_all_digits(steps.described), static_argnums=range(1, 1 + len(options))),
        jax.jit(with_all_digits(steps.compared)),
    )


_MEASURES = {
    "rbf_cka": _compiled(rbf_cka, RBF_CKA),
    "rsa": _compiled(rsa, RSA),
    "mutual_knn": _compiled(mutual_knn, MUTUAL_KNN),
    "ridge": _compiled(ridge, RIDGE),
}
OF_ROWS = tuple(_MEASURES)
"""The measures that need samples, by name."""


def of_rows(networks: Sequence[Array], pairs: Sequence[tuple[int, int]], names: Sequence[str]) -> dict[str, Values]:
    """Some of `OF_ROWS` of pairs of networks, at their defaults.

    Args:
        networks: (samples, n_a) each, concrete and checked.
        pairs: Of places.
        names: Of the measures.

    Returns:
        For each name (pairs,).

    Raises:
        ValueError: What the measure itself refuses, such as too few samples.
    """
    samples, height = len(networks[0]), size_bucket(len(networks[0]), 64)
    # Few widths, so that few programs: a wide network costs little more than its pairs of samples.
    wide = {
        place: Raw(padded(rows, (height, units_bucket(rows.shape[1]))), samples, rows.shape[1])
        for place, rows in ((place, networks[place]) for place in {*chain(*pairs)})
    }
    return {name: _of_measure(name, wide, samples, pairs) for name in names}


def _of_measure(name: str, networks: dict[int, Raw], samples: int, pairs: Sequence[tuple[int, int]]) -> Values:
    measure = _MEASURES[name]
    options = measure.options(samples)
    widest = max(networks.values(), key=lambda network: network.rows.shape[1])
    shapes = jax.tree.leaves(measure.described.eval_shape(widest, *options))
    size = sum(shape.size * shape.dtype.itemsize for shape in shapes)

    @lru_cache(max(2, HELD // size))
    def described(place: int) -> Any:
        return measure.described(networks[place], *options)

    found = {pair: measure.compared(*map(described, pair)) for pair in sorted({*pairs})}
    return np.array(jax.device_get([found[pair] for pair in pairs]))
