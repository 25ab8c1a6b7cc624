"""The parts of the analysis. Adding one is its file, and its line here."""

from dataclasses import dataclass, field, fields

from jaxrepsim.pipeline.part import Part
from jaxrepsim.pipeline.parts.across_layers import AcrossLayers
from jaxrepsim.pipeline.parts.chance import Chance
from jaxrepsim.pipeline.parts.clusters import Clusters
from jaxrepsim.pipeline.parts.decomposition import Decomposition
from jaxrepsim.pipeline.parts.dimensionality import Dimensionality
from jaxrepsim.pipeline.parts.exciting_images import ExcitingImages
from jaxrepsim.pipeline.parts.joint import Joint
from jaxrepsim.pipeline.parts.measures import Measures
from jaxrepsim.pipeline.parts.minimal_matches import MinimalMatches
from jaxrepsim.pipeline.parts.mutual_information import MutualInformation
from jaxrepsim.pipeline.parts.one_to_one import OneToOne
from jaxrepsim.pipeline.parts.over_training import OverTraining
from jaxrepsim.pipeline.parts.similarity import Similarity
from jaxrepsim.pipeline.parts.sparse_prediction import SparsePrediction
from jaxrepsim.pipeline.parts.stability import Stability
from jaxrepsim.pipeline.passes.statistics import Wanted
from jaxrepsim.pipeline.shared_settings import AlignmentConfig, MatchingConfig, SamplingConfig


@dataclass(frozen=True)
class AnalysisConfig:
    """All settings of a comparison: those that parts share, and each part's own."""

    matching: MatchingConfig = field(default_factory=MatchingConfig)
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    alignment: AlignmentConfig = field(default_factory=AlignmentConfig)
    similarity: Similarity = field(default_factory=Similarity)
    measures: Measures = field(default_factory=Measures)
    minimal_matches: MinimalMatches = field(default_factory=MinimalMatches)
    decomposition: Decomposition = field(default_factory=Decomposition)
    stability: Stability = field(default_factory=Stability)
    chance: Chance = field(default_factory=Chance)
    joint: Joint = field(default_factory=Joint)
    dimensionality: Dimensionality = field(default_factory=Dimensionality)
    across_layers: AcrossLayers = field(default_factory=AcrossLayers)
    over_training: OverTraining = field(default_factory=OverTraining)
    one_to_one: OneToOne = field(default_factory=OneToOne)
    mutual_information: MutualInformation = field(default_factory=MutualInformation)
    sparse_prediction: SparsePrediction = field(default_factory=SparsePrediction)
    clusters: Clusters = field(default_factory=Clusters)
    exciting_images: ExcitingImages = field(default_factory=ExcitingImages)

    @property
    def parts(self) -> dict[str, Part]:
        """The parts by name, in the order of their computation; those of a class that inherits from this one, too."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: part for name, part in found.items() if isinstance(part, Part)}

    @property
    def wanted(self) -> Wanted:
        """What is gathered of the activations of all images."""
        bins, halves = self.mutual_information.asked, self.sparse_prediction.asked
        return Wanted(self.alignment.rows, halves, bins, self.exciting_images.count)
