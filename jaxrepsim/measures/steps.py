"""Measures of raw activations in two steps, so that many pairs share what is of one network."""

from collections.abc import Callable
from typing import Any, NamedTuple

from jaxrepsim._typing import Array
from jaxrepsim.measures.networks import Raw


class Steps(NamedTuple):
    """What a measure computes of each network by itself, and of two such descriptions."""

    options: Callable
    """(samples, and the options of the measure as it is called) to those of `described`, or their error."""
    described: Callable
    """(network, options) to arrays: the description of a network, in which rows and columns of padding are zero."""
    compared: Callable
    """(description, description) to a number."""

    def measured(self, x: Raw, y: Raw, *options: Any) -> Array:
        """The measure of two networks."""
        return self.compared(self.described(x, *options), self.described(y, *options))
