"""All v-minimal matches of one unit, by the paper's rule."""

from collections.abc import Iterator

import numpy as np

from jaxrepsim._typing import ArrayLike
from jaxrepsim.decomposition.host import Mask, Pair
from jaxrepsim.matching.match import Match
from jaxrepsim.matching.minimal import check_unit


def minimal_matches_of(x: ArrayLike, y: ArrayLike, epsilon: ArrayLike, unit: int) -> Iterator[Match]:
    """All v-minimal matches of one unit, those that no other match with v lies in.

    Given some v-minimal matches, another one misses a unit of each. So for every choice of a unit from each, other
    than v, leave these units out: if v is still in the maximum match, a search there finds one that is new; if in no
    choice it is, all were found. The choices form a tree: below a set of units left out, one more is left out of a
    match that it spares.

    This is quick where there are few v-minimal matches, and takes time exponential in their number; `simple_matches`
    finds those of all units together and is made for many.

    Runs on the host, with jitted searches; not to be traced.

    Args:
        x: (samples, n_x), activations of the first network.
        y: (samples, n_y), activations of the second on the same samples. Raw or compressed alike.
        epsilon: Scalar in [0, 1).
        unit: v, as a joint index: x units first, then y units.

    Returns:
        An iterator of matches, (n_x,) and (n_y,); none where v is in no match. It ends when all were found.

    Raises:
        TypeError: Activations that are not real floating numbers.
        ValueError: Not two axes, different numbers of samples, an ε outside [0, 1), or a unit that is not there.

    Source: Wang et al. 2018 (arXiv:1810.11750), the algorithm for all v-minimal matches; the tree is that of Reiter
    1987, "A theory of diagnosis from first principles", Artificial Intelligence 32.

    >>> import jax.numpy as jnp
    >>> x = jnp.array([[1.0, 1.0], [0.0, 1e-3], [0.0, 0.0]])     # two units that are nearly the same
    >>> y = jnp.array([[2.0], [0.0], [0.0]])
    >>> [match.x.tolist() for match in minimal_matches_of(x, y, 0.1, unit=2)]
    [[False, True], [True, False]]
    """
    pair = Pair(x, y, epsilon)
    check_unit(unit, pair.units)
    return (pair.as_match(match) for match in _tree(pair, unit))


def _tree(pair: Pair, v: int) -> Iterator[Mask]:
    if not pair.matched[v]:
        return
    found: list[Mask] = []
    seen = {b""}
    left_out = [np.zeros(pair.units, bool)]
    while left_out:
        gone = left_out.pop(0)
        match = next((match for match in found if not (match & gone).any()), None)
        if match is None:
            inside = pair.maximum_within(pair.matched & ~gone)
            if not inside[v]:
                continue
            match = pair.minimal_within(inside, v).match
            if not match[v]:
                continue
            found.append(match)
            yield match
        for unit in np.flatnonzero(match & ~pair.necessary[:, v]).tolist():
            more = gone | pair.only(unit)
            if more.tobytes() not in seen:
                seen.add(more.tobytes())
                left_out.append(more)
