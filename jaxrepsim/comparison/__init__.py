"""One call that compares networks in memory, compressed ones and activation files, by the parts of a run."""

from jaxrepsim.comparison.compare import Network as Network
from jaxrepsim.comparison.compare import compare as compare
from jaxrepsim.comparison.pairing import Layers as Layers
from jaxrepsim.comparison.result import Comparison as Comparison
