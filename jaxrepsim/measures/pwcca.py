"""Projection-weighted canonical correlation analysis."""

import jax.numpy as jnp

from jaxrepsim._typing import Array, Float
from jaxrepsim.measures.directions import canonical, directions, on_few_rows
from jaxrepsim.measures.networks import Activations, Basis, Raw, centred, pair, program, ratio


def pwcca(x: Activations, y: Activations) -> Float[Array, ""]:
    """Canonical correlations weighted by how much of the units of x lies along each direction.

    hᵢ are the canonical directions of x, orthonormal, and ρᵢ their correlations with those of y, i up to the smaller
    rank: Σ αᵢρᵢ / Σ αᵢ, αᵢ = Σⱼ |⟨hᵢ, xⱼ⟩| over the centred units of x. It is not symmetric: `pwcca(y, x)` weights by
    the units of y. It forgives noise in directions that x hardly has. Where several ρ are equal, their directions are
    fixed only up to a rotation, and so are the weights among other ρ.

    Args:
        x: (samples, n_x), the network whose units weight, or compressed with y (`jaxrepsim.compression.summarise`).
        y: (samples, n_y), another on the same samples, or compressed with x.

    Returns:
        A number in [0, 1]; 0 where a network never varies.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different numbers of samples, networks not compressed together, or a concrete
            activation that is NaN or infinite. Where one is traced, it is NaN.

    It has no gradient.

    Source: Morcos, Raghu and Bengio 2018 (arXiv:1806.05759), section 2.1.

    >>> import jax
    >>> x, y = jax.random.normal(jax.random.key(0), (2, 500, 3))
    >>> half = x.at[:, 2].set(y[:, 2])
    >>> weak = x.at[:, 2].multiply(1e-3)
    >>> f"{float(pwcca(x, half)):.1f} {float(pwcca(weak, half)):.1f}"
    '0.7 1.0'
    """
    return _pwcca(*pair(x, y))


def _of(x: Raw | Basis, y: Raw | Basis) -> Array:
    first = centred(x)
    a, b = on_few_rows(first, centred(y), unit=True)
    along, correlations = canonical(directions(a), directions(b))
    lengths = jnp.sqrt(jnp.sum(first.joint**2, axis=0))  # the rows have units of norm 1
    weights = jnp.sum(jnp.abs(along.T @ a) * lengths, axis=1)
    return ratio(jnp.sum(weights * correlations), jnp.sum(weights))


_pwcca = program(_of)
