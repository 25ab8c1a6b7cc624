"""Measures of raw activations, of many pairs: what each network needs is computed once."""

import inspect
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

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


def _programs(function: Callable, steps: Steps) -> tuple[tuple[Any, ...], Steps]:
    """The defaults of a measure, and its steps compiled."""
    _, _, *options = inspect.signature(function).parameters.values()
    static = tuple(range(1, len(options) + 1))
    return tuple(option.default for option in options), steps._replace(
        described=jax.jit(with_all_digits(steps.described), static_argnums=static),
        compared=jax.jit(with_all_digits(steps.compared)),
    )


_MEASURES = {
    "rbf_cka": _programs(rbf_cka, RBF_CKA),
    "rsa": _programs(rsa, RSA),
    "mutual_knn": _programs(mutual_knn, MUTUAL_KNN),
    "ridge": _programs(ridge, RIDGE),
}
OF_ROWS = tuple(_MEASURES)


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
    defaults, steps = _MEASURES[name]
    options = steps.options(samples, *defaults)
    widest = max(networks.values(), key=lambda network: network.rows.shape[1])
    size = sum(
        leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(steps.described.eval_shape(widest, *options))
    )

    @lru_cache(max(2, HELD // size))
    def described(place: int) -> Any:
        return steps.described(networks[place], *options)

    found = {pair: steps.compared(*map(described, pair)) for pair in sorted({*pairs})}
    return np.array(jax.device_get([found[pair] for pair in pairs]))
