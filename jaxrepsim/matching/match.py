"""A match: a set of units of each network."""

from typing import TYPE_CHECKING, NamedTuple

import jax.numpy as jnp

from jaxrepsim._typing import Array, Bool, Float, Int, Values
from jaxrepsim.matching.notebook import labelled, matched_units

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from xarray import Dataset


class Match(NamedTuple):
    """A pair (X, Y) of sets of units, one of each network, as masks; leading axes are batches.

    (X, Y) is an ε-approximate match when every unit of X has residual at most ε on span(Y), and every unit of Y has
    residual at most ε on span(X) (Wang et al. 2018, definition 1).
    """

    x: Bool[Array, "*batch n_x"]
    """Units of the first network that are in the match."""
    y: Bool[Array, "*batch n_y"]
    """Units of the second network that are in the match."""
    finite: Bool[Values, "*batch"] | bool = True
    """(*batch,), whether all activations were finite numbers: where not, no unit is in the match."""

    @property
    def size(self) -> Int[Array, "*batch"]:
        """|X| + |Y|, in units."""
        return jnp.sum(self.x, axis=-1) + jnp.sum(self.y, axis=-1)

    @property
    def similarity(self) -> Float[Array, "*batch"]:
        """(|X| + |Y|) / (n_x + n_y), in [0, 1]; dead units count below the line. 0 where there are no units at all, NaN
        where activations were not finite."""
        units = self.x.shape[-1] + self.y.shape[-1]
        return jnp.where(self.finite, self.size / max(units, 1), jnp.nan)

    def to_xarray(self) -> "Dataset":
        """The masks as labelled arrays, `matched_x` along `unit_x` and `matched_y` along `unit_y`."""
        words = {"long_name": "in the match", "description": "Whether the unit is in the match."}
        return labelled("matched", self[:2], words)

    def plot(self) -> "Figure":
        """The units of both networks that are in the match, of a match without batch axes.

        Raises:
            ValueError: The match has batch axes.
        """
        return matched_units(self[:2])
