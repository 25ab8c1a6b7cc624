"""A run from settings to report, in a folder in which it can be resumed."""

from jaxrepsim.data.config import DataConfig as DataConfig
from jaxrepsim.models.config import ModelConfig as ModelConfig
from jaxrepsim.pipeline.config import AnalysisConfig as AnalysisConfig
from jaxrepsim.pipeline.config import RunConfig as RunConfig
from jaxrepsim.pipeline.parts import AcrossLayers as AcrossLayers
from jaxrepsim.pipeline.parts import Chance as Chance
from jaxrepsim.pipeline.parts import Clusters as Clusters
from jaxrepsim.pipeline.parts import Decomposition as Decomposition
from jaxrepsim.pipeline.parts import ExcitingImages as ExcitingImages
from jaxrepsim.pipeline.parts import Joint as Joint
from jaxrepsim.pipeline.parts import MinimalMatches as MinimalMatches
from jaxrepsim.pipeline.parts import MutualInformation as MutualInformation
from jaxrepsim.pipeline.parts import OneToOne as OneToOne
from jaxrepsim.pipeline.parts import OverTraining as OverTraining
from jaxrepsim.pipeline.parts import SparsePrediction as SparsePrediction
from jaxrepsim.pipeline.parts import Stability as Stability
from jaxrepsim.pipeline.shared_settings import AlignmentConfig as AlignmentConfig
from jaxrepsim.pipeline.shared_settings import MatchingConfig as MatchingConfig
from jaxrepsim.pipeline.shared_settings import SamplingConfig as SamplingConfig
from jaxrepsim.training.config import TrainingConfig as TrainingConfig
