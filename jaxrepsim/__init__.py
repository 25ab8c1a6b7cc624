"""jaxrepsim: how far do two neural networks, trained from different seeds, learn the same representation?

Pure JAX functions on activations of shape (samples, units): they jit, vmap and run on CPU, GPU and TPU.

    residuals(x, y)                        relative distance of each unit of x to the span of y
    maximum_match(x, y, epsilon)           the largest ε-approximate match
    match_profile(x, y)                    the maximum match at every ε at once
    minimal_match(x, y, epsilon, unit)     a smallest-by-inclusion match that holds a unit
    minimal_matches(x, y, epsilon)         the same for many units
    compress(x, y)                         the same geometry on fewer samples
    resolution(dtype)                      the residual below which a unit counts as inside a span

The theory is that of Wang et al. 2018, arXiv:1810.11750. Importing this module needs jax and numpy alone.
"""

from importlib.metadata import version

from jaxrepsim.compression import compress as compress
from jaxrepsim.errors import InputError as InputError
from jaxrepsim.matching import Match as Match
from jaxrepsim.matching import MatchProfile as MatchProfile
from jaxrepsim.matching import match_profile as match_profile
from jaxrepsim.matching import maximum_match as maximum_match
from jaxrepsim.matching import minimal_match as minimal_match
from jaxrepsim.matching import minimal_matches as minimal_matches
from jaxrepsim.matching import residuals as residuals
from jaxrepsim.matching import resolution as resolution

__version__ = version("jaxrepsim")
