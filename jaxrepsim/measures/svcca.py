"""Singular vector canonical correlation analysis."""

import jax.numpy as jnp

from jaxrepsim._typing import Array, Float
from jaxrepsim.errors import InputError
from jaxrepsim.measures.directions import Directions, directions, mean_correlation, on_few_rows
from jaxrepsim.measures.networks import Activations, Basis, Raw, centred, pair, program


def svcca(x: Activations, y: Activations, variance: float = 0.99) -> Float[Array, ""]:
    """Mean canonical correlation of the strongest directions of each network.

    Of each network the principal components that together have a share `variance` of all variance, σ² and not σ, as few
    as reach it; then `cca` of these. It forgives noise in weak directions, which `cca` does not; in return it depends
    on the scales of units, and jumps where a component more is kept.

    Args:
        x: (samples, n_x), activations of one network, or compressed with y (`jaxrepsim.compression.summarise`).
        y: (samples, n_y), those of another on the same samples, or compressed with x.
        variance: The share that is kept, in (0, 1].

    Returns:
        A number in [0, 1]; 0 where a network never varies.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: A share outside (0, 1], not two axes, different numbers of samples, networks not compressed
            together, or a concrete activation that is NaN or infinite. Where one is traced, it is NaN.

    It has no gradient.

    Source: Raghu, Gilmer, Yosinski and Sohl-Dickstein 2017 (arXiv:1706.05806), section 2.

    >>> import jax, jax.numpy as jnp
    >>> noise, x = jax.random.normal(jax.random.key(0), (2, 500, 3))
    >>> from jaxrepsim.measures import cca
    >>> weak = jnp.array([1.0, 1.0, 1e-3])
    >>> y = x.at[:, 2].set(noise[:, 2])
    >>> f"{float(cca(x * weak, y * weak)):.1f} {float(svcca(x * weak, y * weak)):.1f}"
    '0.7 1.0'
    """
    if not isinstance(variance, int | float) or not 0 < variance <= 1:
        raise InputError(f"variance must be a share in (0, 1], received {variance}")
    return _svcca(*pair(x, y), float(variance))


def _of(x: Raw | Basis, y: Raw | Basis, variance: Array) -> Array:
    rows = on_few_rows(centred(x), centred(y), unit=False)
    a, b = (strongest(directions(part), variance) for part in rows)
    return mean_correlation(a.basis.T @ b.basis, jnp.minimum(a.rank, b.rank))


def strongest(found: Directions, variance: Array | float) -> Directions:
    """The directions that hold a share of all variance, as few as reach it."""
    squares = found.values**2
    before = jnp.cumsum(squares) - squares
    # The share that is missing, from the small end: near 1 the sum from the large end has no digits for it.
    after = jnp.cumsum(squares[::-1])[::-1]
    total = jnp.sum(squares)
    return found.first(jnp.where(variance < 0.5, before < variance * total, after > (1 - variance) * total))


_svcca = program(_of)
