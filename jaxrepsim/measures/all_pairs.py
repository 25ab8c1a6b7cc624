"""Measures of many pairs of networks at once, with what they share computed once."""

from collections.abc import Sequence
from itertools import chain

import jax
import numpy as np

from jaxrepsim._typing import Array, Float
from jaxrepsim.compression import Compressed, summarise
from jaxrepsim.errors import InputError, unknown
from jaxrepsim.measures.alignments import alignments
from jaxrepsim.measures.decompositions import ROTATIONS, SPANS, decomposed, measured
from jaxrepsim.measures.networks import Activations, pair, raw_networks
from jaxrepsim.measures.of_rows import OF_ROWS, of_rows
from jaxrepsim.numerics.inputs import check_pairs, on_device, traced

CKA = ("linear_cka", "debiased_cka")
LINEAR = (*CKA, *ROTATIONS, *SPANS)
"""What follows from inner products by linear algebra alone."""


def of_all_pairs(
    networks: Sequence[Activations],
    pairs: Sequence[tuple[int, int]] | None = None,
    names: Sequence[str] = LINEAR,
) -> dict[str, Float[Array, "pairs"]]:
    """Several measures of many pairs of networks, at their defaults, each as its own function gives it.

    What one network needs is computed once and not once a pair; the measures of a pair share products and singular
    value decompositions. `linear_cka` and `debiased_cka` of one network with all others are one matrix product.

    Args:
        networks: (samples, n_a) each, raw; or, where no measure needs samples, compressed together by
            `jaxrepsim.compression.summarise` or `summary`. Raw ones are compressed first, but for `linear_cka` and
            `debiased_cka` alone, where products are quicker.
        pairs: Places in `networks`; by default all pairs of two different ones, in the order of
            `itertools.combinations`.
        names: Some of `LINEAR`, and of `OF_ROWS`.

    Returns:
        For each name (pairs,).

    Raises:
        InputError: A name that is none of these, a pair that is none of two places, compressed networks for a measure
            that needs samples, or not compressed together, or without the squares that `debiased_cka` needs, or traced
            values: under jit call each function.
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different or too few samples, or a value that is NaN or infinite.

    >>> import jax
    >>> from jaxrepsim.compression import summarise
    >>> x, y = jax.random.normal(jax.random.key(0), (2, 400, 3))
    >>> found = of_all_pairs(summarise(x, y, x + y), names=["linear_cka", "cca"])
    >>> {name: [round(float(value), 1) for value in values] for name, values in found.items()}
    {'linear_cka': [0.0, 0.5, 0.5], 'cca': [0.1, 0.7, 0.7]}
    """
    for name in names:
        if name not in (*LINEAR, *OF_ROWS):
            raise unknown("measure of all pairs", name, (*LINEAR, *OF_ROWS))
    if traced(networks):
        raise InputError("of_all_pairs takes concrete networks: under jit or vmap call the function of each measure")
    asked = check_pairs(pairs, len(networks))
    if not asked:
        return {name: on_device(np.zeros(0, np.float32)) for name in names}
    found = {}
    if of_samples := [name for name in names if name in OF_ROWS]:
        found |= of_rows(raw_networks(*networks), asked, of_samples)
    if linear := [name for name in names if name in LINEAR]:
        raw = not any(isinstance(network, Compressed) for network in networks)
        by_products = set(linear) <= set(CKA)
        found |= _linear(summarise(*networks) if raw and not by_products else networks, asked, linear)
    return {name: on_device(found[name]) for name in names}


def _linear(networks: Sequence[Activations], asked: list[tuple[int, int]], names: list[str]) -> dict[str, np.ndarray]:
    used = sorted({*chain(*asked)})
    checked = [pair(networks[place], networks[used[0]], "debiased_cka" in names)[0] for place in used]
    placed = dict(zip(used, checked, strict=True))
    found = alignments(placed, asked) if set(names) & set(CKA) else {}
    others = tuple(name for name in LINEAR if name in names and name not in CKA)
    if others:
        own = {place: decomposed(network, not set(others) <= set(ROTATIONS)) for place, network in placed.items()}
        values = jax.device_get([measured(own[a], own[b], others) for a, b in asked])
        found |= {name: np.array([value[name] for value in values]) for name in others}
    return found
