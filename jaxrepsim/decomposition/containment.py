"""Which matches lie in which: the order of the simple matches, as a graph; and how local they are."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxrepsim.extras import needs
from jaxrepsim.matching.match import Match

if TYPE_CHECKING:
    import networkx as nx


def containment(matches: Iterable[Match]) -> "nx.DiGraph":
    """The containment order of matches, as the graph of its direct steps (Hasse diagram).

    Args:
        matches: Distinct matches of one pair, masks (n_x,) and (n_y,).

    Returns:
        One node a match, by its place in `matches`, with the attribute `size`, its units on both sides together. An
        edge a → b says that b lies in a, and that no other of the matches lies between.

    Raises:
        ValueError: A match is given twice.
        MissingPackageError: networkx is missing.

    >>> import jax.numpy as jnp
    >>> def units(*mask):
    ...     return jnp.array(mask, bool)
    >>> inner, outer = Match(units(1, 0), units(1, 0)), Match(units(1, 1), units(1, 1))
    >>> list(containment([inner, outer]).edges)
    [(1, 0)]
    """
    with needs("decomposition", "the order of matches as a graph"):
        import networkx as nx
    members = as_rows(matches)
    if len(np.unique(members, axis=0)) < len(members):
        raise ValueError("a match is given twice; an order needs distinct ones")
    # a lies in b when all of a's units are b's.
    common = members.astype(np.float32) @ members.T.astype(np.float32)  # exact, and quick
    sizes = members.sum(axis=1)
    inside = (common == sizes[:, None]) & ~np.eye(len(members), dtype=bool)
    order = nx.DiGraph()
    order.add_nodes_from((node, {"size": int(size)}) for node, size in enumerate(sizes))
    order.add_edges_from((int(b), int(a)) for a, b in np.argwhere(inside))
    steps = nx.transitive_reduction(order)
    steps.add_nodes_from(order.nodes(data=True))
    return steps


class Granularity(NamedTuple):
    """How local or distributed the simple matches of a pair are."""

    matches: int
    """How many simple matches there are."""
    one_to_one: float
    """The share of them that are one unit of each network, in [0, 1]; NaN where there is none."""
    sizes: NDArray[np.float64]
    """(5,): the smallest, the quartiles and the largest of their sizes, in units of both sides; NaN where none."""
    in_none: int
    """Units of both networks, dead ones included, that are in no simple match."""


def granularity(matches: Iterable[Match], units: int) -> Granularity:
    """Local or distributed? Simple matches of one unit to one say local, large ones distributed.

    Args:
        matches: Simple matches of one pair, all or some.
        units: n_x + n_y, what `in_none` counts from.

    Returns:
        The numbers.

    Source: Wang et al. 2018 (arXiv:1810.11750), section 5 (size distributions of simple matches).

    >>> import jax.numpy as jnp
    >>> from jaxrepsim.decomposition import simple_matches
    >>> granularity([simple.match for simple in simple_matches(jnp.eye(3), jnp.eye(3)[:, :2], 0.1)], units=5)
    Granularity(matches=2, one_to_one=1.0, sizes=array([2., 2., 2., 2., 2.]), in_none=1)
    """
    matches = list(matches)
    members = as_rows(matches)
    if not len(members):
        return Granularity(0, float("nan"), np.full(5, np.nan), units)
    single = [np.sum(match.x) == 1 and np.sum(match.y) == 1 for match in map(_on_host, matches)]
    sizes = np.quantile(members.sum(axis=1), (0, 0.25, 0.5, 0.75, 1))
    return Granularity(len(members), float(np.mean(single)), sizes, units - int(members.any(axis=0).sum()))


def as_rows(matches: Iterable[Match]) -> NDArray[np.bool_]:
    """Bool[k, n]: matches as masks over the joint index."""
    rows = [np.concatenate(_on_host(match)[:2]) for match in matches]
    return np.array(rows, bool) if rows else np.zeros((0, 0), bool)


def _on_host(match: Match) -> Match:
    """In NumPy, which compiles nothing."""
    return Match(np.asarray(match.x), np.asarray(match.y))  # type: ignore[arg-type]
