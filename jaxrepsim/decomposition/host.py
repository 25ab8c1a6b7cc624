"""The questions of `queries` asked from the host: NumPy masks over the joint index in, the same out."""

from functools import cached_property, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxrepsim.decomposition import queries
from jaxrepsim.decomposition.necessary import by_unit
from jaxrepsim.decomposition.vital import vital_set
from jaxrepsim.matching.match import Match
from jaxrepsim.numerics.inputs import as_activations, check_epsilon
from jaxrepsim.numerics.products import with_all_digits

Mask = NDArray[np.bool_]
"""Bool[n]: units by joint index, x units first."""

_prepare = jax.jit(with_all_digits(queries.prepare))
_without = jax.jit(with_all_digits(lambda asked, units: queries.without(asked, units)[1].active))
_within = jax.jit(with_all_digits(lambda asked, units: queries.within(asked, units)[1].active))
_minimal_within = jax.jit(with_all_digits(queries.minimal_within))
_necessary = jax.jit(with_all_digits(lambda asked: queries.by_joint_index(asked, by_unit(asked))))
_first_matches = jax.jit(with_all_digits(lambda asked: queries.by_joint_index(asked, queries.first_matches(asked))))
_vital_set = jax.jit(with_all_digits(vital_set))


class Minimal(NamedTuple):
    """A match, and the units for which it is minimal."""

    match: Mask
    units: Mask


class Pair:
    """A pair at one ε. Questions are answered in the precision that was set when it was made."""

    def __init__(self, x: ArrayLike, y: ArrayLike, epsilon: ArrayLike) -> None:
        check_epsilon(epsilon)
        if np.ndim(epsilon):
            raise ValueError(f"epsilon must be one number, received {epsilon}; search at each by itself")
        x, y = as_activations(x, y)
        self.n_x, self.n_y = x.shape[1], y.shape[1]
        # An iterator may be read after the block that switched float64 on has ended.
        self._precision = partial(jax.enable_x64, jnp.result_type(float) == jnp.float64)
        self._asked = _prepare(x, y, epsilon)
        self.matched = self._joint(self._asked.maximum.active)
        """The maximum match."""

    @property
    def units(self) -> int:
        """n_x + n_y."""
        return self.n_x + self.n_y

    @cached_property
    def necessary(self) -> Mask:
        """Bool[n, n]: [u, v], every match with v needs u."""
        with self._precision():
            return np.asarray(_necessary(self._asked))

    @cached_property
    def first_matches(self) -> Mask:
        """Bool[n, n]: [v], a v-minimal match of unit v; empty where there is none."""
        with self._precision():
            return np.asarray(_first_matches(self._asked))

    @property
    def minimum(self) -> Mask:
        """Bool[n]: the units that have one v-minimal match only, which is then just what is necessary for them."""
        return self.matched & (self.first_matches.sum(axis=1) == self.necessary.sum(axis=0))

    def maximum_within(self, units: Mask) -> Mask:
        """The maximum match among some units."""
        gone = self.matched & ~units
        with self._precision():
            # A few are removed one by one; many are sooner left out of a new factorisation.
            if 8 * gone.sum() <= self.matched.sum():
                return self._joint(_without(self._asked, self._sides(gone)))
            return self._joint(_within(self._asked, self._sides(units & self.matched)))

    def minimal_within(self, units: Mask, v: int, first: Mask | None = None) -> Minimal:
        """A v-minimal match among some units, deletions tried in their order, those in `first` before the others.

        Empty where v is in none: also where it was in one by another factorisation, and a residual ties with ε.
        """
        order = np.arange(self.units)
        order = order if first is None else np.argsort(np.argsort(~first, kind="stable"))
        with self._precision():
            found = _minimal_within(
                self._asked, self._sides(units & self.matched), self._sides(self.only(v)), self._sides(order)
            )
        return Minimal(self._joint(found.match), self._joint(found.units))

    def vital_set(self, spared: Mask, v: int) -> Mask | None:
        """Units outside `spared` without which v is in no match, and with any one of them back is in one.

        None where rounding hides them: v is lost with `spared` alone, and found when all others are removed.
        """
        with self._precision():
            order = self._sides(np.arange(self.units))
            found = _vital_set(self._asked, self._sides(spared), self._sides(self.only(v)), order)
        return None if found.missed else self._joint(found.units)

    def only(self, unit: int) -> Mask:
        """A mask of one unit."""
        return np.arange(self.units) == unit

    def as_match(self, units: Mask) -> Match:
        """Units by joint index as a match."""
        return Match(jnp.asarray(units[: self.n_x]), jnp.asarray(units[self.n_x :]))

    def _joint(self, sides: jax.Array | np.ndarray) -> Mask:
        x, y = np.asarray(sides)
        return np.concatenate([x[: self.n_x], y[: self.n_y]])

    def _sides(self, joint: np.ndarray) -> jax.Array:
        sides = np.zeros((2, self._asked.width), joint.dtype)
        sides[0, : self.n_x], sides[1, : self.n_y] = joint[: self.n_x], joint[self.n_x :]
        return jnp.asarray(sides)
