"""What is computed beyond the match profiles, each part into a file of its own, so that nothing is done twice."""

from jaxrepsim.pipeline.theory.stage import Compared as Compared
from jaxrepsim.pipeline.theory.stage import Moments as Moments
from jaxrepsim.pipeline.theory.stage import analyse as analyse
