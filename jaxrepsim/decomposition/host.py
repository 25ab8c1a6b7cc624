"""A pair asked from the host: NumPy masks over the joint index in, the same out."""

from functools import cached_property, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from jaxrepsim._typing import ArrayLike
from jaxrepsim.decomposition.necessary import necessary_in
from jaxrepsim.decomposition.vital import vital_set
from jaxrepsim.matching.asked import Asked
from jaxrepsim.matching.dual_basis import DualBasis
from jaxrepsim.matching.match import Match
from jaxrepsim.matching.minimal import checked
from jaxrepsim.matching.prepared import prepared
from jaxrepsim.matching.search import Answer
from jaxrepsim.numerics.inputs import on_device, traced
from jaxrepsim.numerics.products import with_all_digits
from jaxrepsim.numerics.x64 import enable_x64

Mask = NDArray[np.bool_]
"""Bool[n]: units by joint index, x units first."""

_vital_set = jax.jit(with_all_digits(vital_set))


class Minimal(NamedTuple):
    """A match, and the units for which it is minimal."""

    match: Mask
    units: Mask


class Pair:
    """A pair at one ε. Questions are answered in the precision that was set when it was made."""

    def __init__(self, x: ArrayLike, y: ArrayLike, epsilon: ArrayLike) -> None:
        networks = checked(x, y, epsilon)
        if traced(networks, epsilon):
            raise TypeError("this search runs on the host, so it cannot be traced: call it outside of jit and vmap")
        # An iterator may be read after the block that switched float64 on has ended.
        self._precision = partial(enable_x64, jnp.result_type(float) == jnp.float64)
        self._asked = Asked(prepared(networks), epsilon)
        self.n_x, self.n_y = self._asked.ready.widths
        self.matched = self._asked.joint(self._asked.matched)
        """The maximum match."""

    @property
    def units(self) -> int:
        """n_x + n_y."""
        return self.n_x + self.n_y

    @cached_property
    def necessary(self) -> Mask:
        """Bool[n, n]: [u, v], every match with v needs u."""
        with self._precision():
            return np.asarray(necessary_in(self._asked))

    @cached_property
    def first_matches(self) -> Mask:
        """Bool[n, n]: [v], a v-minimal match of unit v; empty where there is none."""
        with self._precision():
            return np.asarray(self._asked.joint(self._asked.nested(np.arange(self.units))))

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
                return self._ask(self._asked.maximum, gone).match
            return self._ask(self._asked.basis(self._sides(units & self.matched))).match

    def minimal_within(self, units: Mask, v: int, first: Mask | None = None) -> Minimal:
        """A v-minimal match among some units, proven on a factorisation of its own units alone.

        Deletions are tried in the order of the units, those in `first` before the others. The search inside a match is
        a proof that it is minimal when it finds nothing smaller: so it is repeated, each time on what was found, until
        it finds just that. The first repetition does, but for residuals that tie with ε.

        Empty where v is in none: also where it was in one by another factorisation, and a residual ties with ε.
        """
        before = units & self.matched
        with self._precision():
            while True:
                found = self._ask(self._asked.basis(self._sides(before)), v=v, first=first)
                if np.array_equal(found.match, before):
                    # A match inside it either holds v, and then is the whole; or it lies in what is left without v.
                    return Minimal(found.match, found.match & ~found.rest)
                before = found.match

    def vital_set(self, spared: Mask, v: int) -> Mask | None:
        """Units outside `spared` without which v is in no match, and with any one of them back is in one.

        None where rounding hides them: v is lost with `spared` alone, and found when all others are removed.
        """
        with self._precision():
            order = self._sides(np.arange(self.units))
            found = _vital_set(
                self._asked.maximum, self._asked.threshold, self._sides(spared), self._sides(self.only(v)), order
            )
            return None if found.missed else self._asked.joint(np.asarray(found.units))

    def only(self, unit: int) -> Mask:
        """A mask of one unit."""
        return np.arange(self.units) == unit

    def as_match(self, units: Mask) -> Match:
        """Units by joint index as a match."""
        return Match(on_device(units[: self.n_x]), on_device(units[self.n_x :]), np.True_)

    def _ask(
        self, basis: DualBasis, gone: Mask | None = None, v: int | None = None, first: Mask | None = None
    ) -> Answer:
        """One question, in joint indices."""
        order = np.arange(self.units) if first is None else np.argsort(np.argsort(~first, kind="stable"))
        going = np.zeros(self.units, bool) if gone is None else gone
        place = np.full(1, -1) if v is None else self._asked.ready.places(np.full(1, v))
        found = self._asked.ask(basis, self._sides(going)[None], place, self._sides(order)[None])
        return Answer(*(self._asked.joint(part[0]) for part in found))

    def _sides(self, joint: np.ndarray) -> np.ndarray:
        return self._asked.ready.sides(joint)
