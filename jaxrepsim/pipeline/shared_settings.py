"""The settings that several parts share: what is compared, and on which activations."""

from collections.abc import Sequence
from dataclasses import dataclass

from jaxrepsim.errors import unknown
from jaxrepsim.settings import require


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
    batch_size: int = 256
    """Images per forward pass."""
    seed: int = 0
    """Draws the positions, the units, the orders of deletions, and all else that is random but the networks."""

    def __post_init__(self) -> None:
        require(
            self,
            ("epsilons", "in [0, 1), one or more", lambda values: values and all(0 <= value < 1 for value in values)),
            ("epsilons", "increasing", lambda values: list(values) == sorted(set(values))),
            ("positions", "at least 1", lambda value: value is None or value >= 1),
            ("redraws", "at least 1", lambda value: value >= 1),
            ("redraws", "1 where all positions are used", lambda value: value == 1 or self.positions is not None),
            ("batch_size", "at least 1", lambda value: value >= 1),
            ("seed", "from 0 to 2³¹ − 1", lambda value: 0 <= value < 2**31),
        )


@dataclass(frozen=True)
class SamplingConfig:
    """The bounded sample of raw activations that chance, across_layers and over_training rest on."""

    images: int = 2000
    """The first so many validation images."""
    rows: int = 10_000
    """At most so many rows of a layer, as many positions of each image as this allows, and one at least."""

    def __post_init__(self) -> None:
        require(
            self,
            ("images", "at least 1", lambda value: value >= 1),
            ("rows", "at least 1", lambda value: value >= 1),
        )


@dataclass(frozen=True)
class AlignmentConfig:
    """The activations of all images that one_to_one, mutual_information, sparse_prediction, clusters and
    exciting_images rest on."""

    before_activation: bool = False
    """Of the layers before their nonlinearity, and not after it."""
    rows: int = 1_000_000
    """At most so many rows of a layer, as many positions of each image as this allows, and one at least."""

    def __post_init__(self) -> None:
        require(self, ("rows", "at least 1", lambda value: value >= 1))


def chosen_layers(every: Sequence[str], asked: Sequence[str]) -> list[str]:
    """The layers that are asked for, in the order of the network; all where none is named.

    Raises:
        InputError: A layer is none of those there are.
    """
    for layer in asked:
        if layer not in every:
            raise unknown("layer", layer, every)
    return [layer for layer in every if layer in asked] if asked else list(every)
