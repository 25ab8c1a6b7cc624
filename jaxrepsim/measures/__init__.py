"""Measures of representations beside the match: pure functions of activations, one per file."""

from jaxrepsim.measures.dimensionality import Dimensionality as Dimensionality
from jaxrepsim.measures.dimensionality import dimensionality as dimensionality
