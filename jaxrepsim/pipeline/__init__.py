"""A run from settings to report, in a folder that can be taken up again."""

from jaxrepsim.data.config import DataConfig as DataConfig
from jaxrepsim.models.config import ModelConfig as ModelConfig
from jaxrepsim.pipeline.config import ConvergentConfig as ConvergentConfig
from jaxrepsim.pipeline.config import MatchingConfig as MatchingConfig
from jaxrepsim.pipeline.config import RunConfig as RunConfig
from jaxrepsim.pipeline.config import TheoryConfig as TheoryConfig
from jaxrepsim.training.config import TrainingConfig as TrainingConfig
