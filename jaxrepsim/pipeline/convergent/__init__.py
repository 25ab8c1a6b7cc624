"""The alignments of Convergent Learning, of a run's networks or of activation files."""

from jaxrepsim.pipeline.convergent.sources import Files as Files
from jaxrepsim.pipeline.convergent.sources import Networks as Networks
from jaxrepsim.pipeline.convergent.sources import Source as Source
from jaxrepsim.pipeline.convergent.stage import align as align
