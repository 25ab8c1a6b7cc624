"""Correlations between all units of two networks, raw or compressed."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, Float
from jaxrepsim.compression import Compressed
from jaxrepsim.measures.networks import Activations, Basis, Raw, centred, pair, program
from jaxrepsim.numerics.buckets import cut
from jaxrepsim.numerics.inputs import traced
from jaxrepsim.numerics.scaling import unit_columns


class Correlations(NamedTuple):
    """Of the centred units of two networks."""

    between: Float[Array, "n_x n_y"]
    """Pearson's correlations; 0 where a unit is constant."""
    x: Float[Array, "n_x"]
    """1 for a unit that varies, 0 for a constant one."""
    y: Float[Array, "n_y"]


def correlations(x: Activations, y: Activations) -> Correlations:
    """Pearson's correlation of every unit of x with every unit of y."""
    found = _correlations(*pair(x, y))
    if traced(x, y):
        return found
    n_x, n_y = (np.shape(network.rows if isinstance(network, Compressed) else network)[1] for network in (x, y))
    return Correlations(cut(found.between, (n_x, n_y)), cut(found.x, (n_x,)), cut(found.y, (n_y,)))


def _of(x: Raw | Basis, y: Raw | Basis) -> Correlations:
    (a, norm_a), (b, norm_b) = unit_columns(centred(x).rows), unit_columns(centred(y).rows)
    return Correlations(jnp.clip(a.T @ b, -1, 1), (norm_a > 0).astype(a.dtype), (norm_b > 0).astype(b.dtype))


_correlations = program(_of)
