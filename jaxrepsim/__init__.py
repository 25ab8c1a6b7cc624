"""jaxrepsim: how far do two neural networks, trained from different seeds, learn the same representation?

Pure JAX functions on activations of shape (samples, units): they jit, vmap and run on CPU, GPU and TPU.

    residuals(x, y)                        relative distance of each unit of x to the span of y
    maximum_match(x, y, epsilon)           the largest ε-approximate match
    match_profile(x, y)                    the maximum match at every ε at once
    match_profiles(networks)               the same of every two of k networks
    minimal_match(x, y, epsilon, unit)     a smallest-by-inclusion match that holds a unit
    minimal_matches(x, y, epsilon)         the same for many units
    joint_match(networks, epsilon)         the units that recur in all of k networks
    joint_profile(networks)                the same at every ε at once
    decompose(x, y, epsilon)               a match as a union of simple matches
    necessary_units(x, y, epsilon)         what every match with a unit needs
    certificates(x, y, epsilon)            each unit's one minimum match, or two different minimal ones
    simple_matches(x, y, epsilon)          all simple matches, one after the other
    minimal_matches_of(x, y, epsilon, unit)  all minimal matches of one unit
    smallest_match(x, y, epsilon, unit)    the smallest match that holds a unit, or a bound on it
    compare(networks)                      every layer of every two networks: labelled results, figures, a report page
    compress(x, y)                         the same geometry on fewer samples
    capture(model, inputs)                 the activations of a model of any framework, layer by layer
    capture_compressed(networks, inputs)   those of several, compressed jointly while they run
    resolution(dtype)                      the residual below which a unit counts as inside a span

The theory is that of Wang et al. 2018, arXiv:1810.11750. Importing this module needs jax and numpy alone.
"""

from importlib.metadata import version
from typing import TYPE_CHECKING

from jaxrepsim import extras
from jaxrepsim.activations import capture as capture
from jaxrepsim.activations import capture_compressed as capture_compressed
from jaxrepsim.compression import compress as compress
from jaxrepsim.decomposition import certificates as certificates
from jaxrepsim.decomposition import decompose as decompose
from jaxrepsim.decomposition import minimal_matches_of as minimal_matches_of
from jaxrepsim.decomposition import necessary_units as necessary_units
from jaxrepsim.decomposition import simple_matches as simple_matches
from jaxrepsim.decomposition import smallest_match as smallest_match
from jaxrepsim.errors import FewSamplesWarning as FewSamplesWarning
from jaxrepsim.errors import IllConditionedWarning as IllConditionedWarning
from jaxrepsim.errors import InputError as InputError
from jaxrepsim.errors import MissingPackageError as MissingPackageError
from jaxrepsim.matching import JointMatch as JointMatch
from jaxrepsim.matching import JointProfile as JointProfile
from jaxrepsim.matching import Match as Match
from jaxrepsim.matching import MatchProfile as MatchProfile
from jaxrepsim.matching import joint_match as joint_match
from jaxrepsim.matching import joint_profile as joint_profile
from jaxrepsim.matching import match_profile as match_profile
from jaxrepsim.matching import match_profiles as match_profiles
from jaxrepsim.matching import maximum_match as maximum_match
from jaxrepsim.matching import minimal_match as minimal_match
from jaxrepsim.matching import minimal_matches as minimal_matches
from jaxrepsim.matching import residuals as residuals
from jaxrepsim.matching import resolution as resolution

__version__ = version("jaxrepsim")

if TYPE_CHECKING:
    from jaxrepsim.comparison import Comparison as Comparison
    from jaxrepsim.comparison import compare as compare

__getattr__, __dir__ = extras.lazily(
    __name__, "plots", dict.fromkeys(["compare", "Comparison"], "jaxrepsim.comparison")
)
