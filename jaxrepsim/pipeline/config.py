"""The settings of a run."""

import math
from dataclasses import dataclass, field

from jaxrepsim.data.config import DataConfig
from jaxrepsim.errors import InputError
from jaxrepsim.models.config import ModelConfig
from jaxrepsim.settings import require
from jaxrepsim.training.config import TrainingConfig


@dataclass(frozen=True)
class MatchingConfig:
    """What is compared, and how closely."""

    epsilons: tuple[float, ...] = (0.15, 0.2, 0.25, 0.3, 0.5)
    """The values of ε that tables and figures show; the match profile covers all others."""
    layers: tuple[str, ...] = ()
    """Which layers; by default all."""
    positions: int | None = None
    """For convolutions: how many (image, position) pairs are drawn, without replacement; by default all are used."""
    redraws: int = 1
    """How many times they are drawn."""
    minimal_units: int = 8
    """For how many units of a layer and pair a v-minimal match is searched, at each ε; 0 for none."""
    batch_size: int = 256
    """Images a forward pass."""
    seed: int = 0
    """Draws the positions, the units and the orders of deletions."""

    def __post_init__(self) -> None:
        require(
            self,
            ("epsilons", "in [0, 1), one or more", lambda values: values and all(0 <= value < 1 for value in values)),
            ("epsilons", "increasing", lambda values: list(values) == sorted(set(values))),
            ("positions", "at least 1", lambda value: value is None or value >= 1),
            ("redraws", "at least 1", lambda value: value >= 1),
            ("redraws", "1 where all positions are used", lambda value: value == 1 or self.positions is not None),
            ("minimal_units", "at least 0", lambda value: value >= 0),
            ("batch_size", "at least 1", lambda value: value >= 1),
            ("seed", "from 0 to 2³¹ − 1", lambda value: 0 <= value < 2**31),
        )


@dataclass(frozen=True)
class TheoryConfig:
    """What is computed beyond the match profiles; all of it only where asked for."""

    layers: tuple[str, ...] = ()
    """For which layers the decomposition, stability and chance; by default all that are matched."""
    decomposition: bool = False
    """Simple matches of every pair and ε, certificates, and the smallest matches of the sampled units."""
    simple_matches: int = 100
    """At most so many simple matches of a layer, pair and ε."""
    seconds: float = 30.0
    """Of a layer, pair and ε: after one simple match for each unit, no search for a further one begins after so long;
    nor a step in the search for the smallest match of a unit."""
    smallest_rounds: int = 1
    """Rounds in the search for the smallest match of a sampled unit; each raises its lower bound."""
    stability: bool = False
    """How independent each network's units are, and at which ε the theorem on uniqueness applies."""
    chance: int = 0
    """Draws of each null that similarity is held against, and held-out residuals; 0 for none."""
    joint: bool = False
    """The match of all networks at once."""
    across_layers: bool = False
    """Every layer of one network against every layer of the other."""
    over_training: bool = False
    """Similarity at each epoch in `training.keep`."""
    images: int = 2000
    """For chance, across layers and over training, which need raw activations: on the first so many images."""
    rows: int = 10_000
    """For the same: at most so many rows of a layer, as many positions of each image as this allows."""

    def __post_init__(self) -> None:
        require(
            self,
            ("simple_matches", "at least 1", lambda value: value >= 1),
            ("seconds", "above 0", lambda value: value > 0),
            ("smallest_rounds", "at least 0", lambda value: value >= 0),
            ("chance", "at least 0", lambda value: value >= 0),
            ("images", "at least 1", lambda value: value >= 1),
            ("rows", "at least 1", lambda value: value >= 1),
        )

    @property
    def needs_networks(self) -> tuple[str, ...]:
        """The settings in use that need the networks, and not only their compressed activations."""
        return tuple(name for name in ("chance", "across_layers", "over_training") if getattr(self, name))

    @property
    def asked(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.decomposition or self.stability or self.joint or self.needs_networks)


@dataclass(frozen=True)
class ConvergentConfig:
    """Which alignments of Convergent Learning are computed; all of it only where asked for."""

    layers: tuple[str, ...] = ()
    """Which layers; by default all that are matched."""
    one_to_one: bool = False
    """Correlations of all units, and their partners one to one and best; every other part has them too."""
    bins: int = 0
    """Mutual information, by so many bins of each unit; 10 in the paper, 0 for none."""
    penalties: tuple[float, ...] = ()
    """Sparse prediction of each unit from those of the other network, at each of these; 0 is least squares."""
    clusters: int = 0
    """So many clusters of the units of both networks together, but four units or more to a cluster; 0 for none."""
    exciting: int = 0
    """For some matched pairs of each layer, so many images that excite each unit most; 0 for none."""
    before_activation: bool = False
    """Of the layers before their nonlinearity, and not after it."""
    rows: int = 1_000_000
    """At most so many rows of a layer, as many positions of each image as this allows, and one at least."""

    def __post_init__(self) -> None:
        require(
            self,
            ("bins", "0, or 3 or more: one for zeros, and two", lambda value: value == 0 or value >= 3),
            ("penalties", "at least 0, and finite", lambda values: all(0 <= value < math.inf for value in values)),
            ("penalties", "all different", lambda values: len(set(values)) == len(values)),
            ("clusters", "0, or 2 or more", lambda value: value == 0 or value >= 2),
            ("exciting", "at least 0", lambda value: value >= 0),
            ("rows", "at least 1", lambda value: value >= 1),
        )

    @property
    def asked(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.one_to_one or self.bins or self.penalties or self.clusters or self.exciting)


@dataclass(frozen=True)
class RunConfig:
    """All settings of a run."""

    title: str = ""
    """Heads the report."""
    description: str = ""
    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    matching: MatchingConfig = field(default_factory=MatchingConfig)
    theory: TheoryConfig = field(default_factory=TheoryConfig)
    convergent: ConvergentConfig = field(default_factory=ConvergentConfig)

    def __post_init__(self) -> None:
        if self.theory.over_training and not self.training.keep:
            raise InputError("theory.over_training needs epochs to look back at: name them in training.keep")
