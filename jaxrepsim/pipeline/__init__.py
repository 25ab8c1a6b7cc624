"""A run from settings to report, in a folder in which it can be resumed."""

from jaxrepsim.extras import needs

with needs("experiments", "jaxrepsim.pipeline"):
    from jaxrepsim.data.config import DataConfig as DataConfig
    from jaxrepsim.models.config import ModelConfig as ModelConfig
    from jaxrepsim.pipeline.config import RunConfig as RunConfig
    from jaxrepsim.pipeline.parts import AnalysisConfig as AnalysisConfig
    from jaxrepsim.pipeline.shared_settings import AlignmentConfig as AlignmentConfig
    from jaxrepsim.pipeline.shared_settings import MatchingConfig as MatchingConfig
    from jaxrepsim.pipeline.shared_settings import SamplingConfig as SamplingConfig
    from jaxrepsim.training.config import TrainingConfig as TrainingConfig
