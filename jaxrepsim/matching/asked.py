"""A pair at one ε, asked which units match and what is minimal."""

from functools import cached_property

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, ArrayLike, Bool, Int, Values
from jaxrepsim.matching.dual_basis import DualBasis, Source
from jaxrepsim.matching.nested import nested
from jaxrepsim.matching.prepared import Prepared, basis_of
from jaxrepsim.matching.search import Answer, Question, search
from jaxrepsim.numerics.inputs import on_host, traced
from jaxrepsim.numerics.precision import squared_threshold
from jaxrepsim.numerics.products import with_all_digits
from jaxrepsim.numerics.side_by_side import side_by_side


class Asked:
    """Sets of units are masks by side, (…, 2, n); questions and answers are NumPy arrays where nothing is traced.

    On the host any number of questions goes to one program: as many as there are units, those that are not asked being
    padding.
    """

    def __init__(self, ready: Prepared, epsilon: ArrayLike) -> None:
        """A pair, factored, and a scalar ε."""
        self.ready = ready
        self.threshold = squared_threshold(epsilon, ready.dtype)
        self.units = sum(self.ready.widths)

    @cached_property
    def maximum(self) -> DualBasis:
        """The dual basis of the maximum match alone, factored afresh: nothing of the removed units is left in it."""
        nothing = np.zeros((1, 2, self.ready.n), bool)
        everything = self.ask(self.ready.basis, nothing, np.full(1, -1), self.rank(np.arange(self.units))[None])
        return self.basis(everything.match[0])

    @property
    def matched(self) -> Bool[Values, "2 n"]:
        """The units of the maximum match."""
        return as_values(self.maximum.active)

    def basis(self, units: Bool[Values, "2 n"]) -> DualBasis:
        """The dual basis of some units alone."""
        return basis_of(self.ready.source, units)

    def ask(
        self,
        basis: DualBasis,
        gone: Bool[Values, "q 2 n"],
        units: Int[Values, "q"],
        ranks: Int[Values, "q 2 n"],
    ) -> Answer:
        """q questions about the units of a basis: see `search.Question`."""
        questions = Question(gone, units, ranks)
        if traced(basis, questions, self.threshold):
            return _answers(basis, Question(*map(jnp.asarray, questions)), self.threshold, None)
        count, size = len(units), 2 * self.ready.n
        found = [
            _in_one_program(basis, Question(*(a[i : i + size] for a in questions)), self.threshold, size)
            for i in range(0, count, size)
        ]
        return Answer(*(np.concatenate(parts) for parts in zip(*found, strict=True))) if found else Answer(gone, gone)

    def nested(self, units: Int[Values, "q"]) -> Bool[Values, "q 2 n"]:
        """A v-minimal match of each of some units, by joint index, each searched inside a known one."""
        places, rank = self.ready.places(units), self.rank(np.arange(self.units))
        if traced(self.ready.basis, places, self.threshold):
            return _nested(self.ready.source, self.threshold, jnp.asarray(places), jnp.asarray(rank))
        size = max(2 * self.ready.n, len(places))
        full = np.full(size, -1)
        full[: len(places)] = places
        return np.asarray(_nested(self.ready.source, self.threshold, full, rank))[: len(places)]

    def rank(self, places: Int[Values, "*batch units"]) -> Int[Values, "*batch 2 n"]:
        """The place of each unit in an order, from places by joint index."""
        return self.ready.sides(places)

    def joint(self, sides: Bool[Values, "*batch 2 n"]) -> Bool[Values, "*batch units"]:
        """Sets of units as masks over the joint index."""
        halves = [sides[..., side, :width] for side, width in enumerate(self.ready.widths)]
        return np.concatenate(halves, axis=-1) if on_host(sides) else jnp.concatenate(halves, axis=-1)


def as_values(array: Array) -> Values:
    """As a NumPy array, where the values are there."""
    return array if traced(array) else np.asarray(array)


def _in_one_program(basis: DualBasis, questions: Question, threshold: Values, size: int) -> tuple[np.ndarray, ...]:
    count = len(questions.unit)
    full = [np.zeros((size, *a.shape[1:]), bool if a.dtype == bool else np.int32) for a in map(np.asarray, questions)]
    for to, values in zip(full, questions, strict=True):
        to[:count] = values
    return tuple(np.asarray(part)[:count] for part in _answers(basis, Question(*full), threshold, count))


@jax.jit
@with_all_digits
def _answers(basis: DualBasis, questions: Question, threshold: Values, count: Int[Array, ""] | int | None) -> Answer:
    return side_by_side(lambda question: search(basis, question, threshold), questions, 3 * basis.dual.nbytes, count)


@jax.jit
@with_all_digits
def _nested(source: Source, threshold: Values, units: Int[Array, "q"], rank: Int[Array, "2 n"]) -> Array:
    return nested(source, threshold, units, rank)
