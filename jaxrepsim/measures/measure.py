"""What the table says of a measure."""

from collections.abc import Callable
from typing import Literal, NamedTuple

Invariance = Literal["orthogonal", "isotropic_scaling", "unit_scaling", "permutation", "invertible", "translation"]
"""Changes of the units of a network: a rotation or reflection; all of them times one positive number; each times a
positive number of its own; another order; any invertible linear map; a constant added to each."""
INVARIANCES: tuple[Invariance, ...] = (
    "orthogonal",
    "isotropic_scaling",
    "unit_scaling",
    "permutation",
    "invertible",
    "translation",
)
ROTATIONS: frozenset[Invariance] = frozenset(("orthogonal", "isotropic_scaling", "permutation", "translation"))
"""What the measures of the geometry of samples do not see."""


class Measure(NamedTuple):
    """One row of the table. All is said of the function at its defaults."""

    function: Callable
    """(x, y) to a number."""
    kind: Literal["similarity", "distance"]
    """Whether more is more alike."""
    range: tuple[float, float]
    """The least and the largest value."""
    metric: bool
    """Whether it is a metric on representations that vary, up to its invariances."""
    symmetric: bool
    """Whether x and y may be swapped."""
    invariances: frozenset[Invariance]
    """Changes of either network, or of both, that do not change it; all others of `INVARIANCES` do."""
    needs: Literal["compressed", "squares", "rows"]
    """What is enough: inner products (raw activations, `compress`ed by `summarise`, or `summary` of a stream); these
    with the squared lengths of samples; or raw activations alone."""
    constant: float
    """The value between a network that never varies (for the matches: that is zero) and any that does."""
    samples: str
    """How many samples it takes."""
    bias: str
    """What it reads where nothing is shared."""
    source: str
    """The paper, and the place in it."""
    reference: str
    """The independent implementation with which it agrees."""
    gradient: bool = False
    """Whether it may be differentiated."""
