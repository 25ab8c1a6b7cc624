"""What a representation that is made to be similar learns of another, and in which order."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from jaxrepsim.measures import MEASURES
from jaxrepsim.validity.layer_pairs import resemblance

DIFFERENTIABLE = tuple(name for name, row in MEASURES.items() if row.gradient)
RATE = 1e-2
"""Of Adam."""
HALF = 0.5
"""The share of a component's variance that counts as learned."""


class Optimised(NamedTuple):
    """A course of steps, from noise."""

    value: NDArray[np.float64]
    """(looks,), the measure as 1 for the same and 0 for nothing shared."""
    explained: NDArray[np.float64]
    """(looks, components): R² of each principal component of the target, by linear regression."""
    rows: NDArray[np.float64]
    """(looks, samples, units), what was looked at."""

    def learned_at(self) -> NDArray[np.float64]:
        """(components,): the measure where each component was first learned; NaN where it never was."""
        there = self.explained >= HALF
        return np.where(there.any(axis=0), self.value[there.argmax(axis=0)], np.nan)


def optimised(name: str, x: NDArray[np.float64], steps: Sequence[int], components: int, seed: int) -> Optimised:
    """Maximises a measure from standard Gaussian noise, by Adam.

    Args:
        name: Of a measure that may be differentiated.
        x: (samples, units), the target.
        steps: After which to look, ascending.
        components: How many principal components of the target are looked for.
        seed: Of the noise.

    Source: Cloos et al. 2024 (arXiv:2407.07059), section 3.

    >>> x = np.random.default_rng(0).normal(size=(40, 3))
    >>> found = optimised("linear_cka", x, steps=[0, 300], components=2, seed=1)
    >>> bool(found.value[1] > 0.9 > 0.3 > found.value[0]), found.explained.shape
    (True, (2, 2))
    """
    target = jnp.asarray(x)
    y = jnp.asarray(np.random.default_rng(seed).normal(size=x.shape), target.dtype)
    left, values, _ = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)
    scores = left[:, :components] * values[:components]
    state, looks, done = (y, jnp.zeros_like(y), jnp.zeros_like(y)), [], 0
    for step in steps:
        state = _course(name, target, state, done, step)
        done = step
        looks.append(np.asarray(state[0], np.float64))
    measure = MEASURES[name].function
    value = resemblance(name, np.array([float(measure(target, jnp.asarray(look, target.dtype))) for look in looks]))
    return Optimised(value, np.array([_explained(scores, look) for look in looks]), np.array(looks))


@partial(jax.jit, static_argnums=0)
def _course(name: str, x: jax.Array, state: tuple[jax.Array, ...], start: int, stop: int) -> tuple[jax.Array, ...]:
    sign = 1.0 if MEASURES[name].kind == "distance" else -1.0
    slope = jax.grad(lambda y: sign * MEASURES[name].function(x, y))

    def step(at: jax.Array, state: tuple[jax.Array, ...]) -> tuple[jax.Array, ...]:
        y, first, second = state
        gradient = slope(y)
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
        count = at + 1.0
        move = (first / (1 - 0.9**count)) / (jnp.sqrt(second / (1 - 0.999**count)) + 1e-8)
        return y - RATE * move, first, second

    return jax.lax.fori_loop(start, stop, step, state)


def _explained(scores: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = y - y.mean(axis=0)
    rest = scores - centred @ np.linalg.lstsq(centred, scores, rcond=None)[0]
    total = (scores**2).sum(axis=0)
    return 1 - (rest**2).sum(axis=0) / np.where(total > 0, total, 1)
