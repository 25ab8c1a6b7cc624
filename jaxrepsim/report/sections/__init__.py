"""The sections of the page, in its order: adding one is its file, its template, and its line here."""

from jaxrepsim.report.section import Section
from jaxrepsim.report.sections import (
    across_layers,
    chance,
    decomposition,
    joint,
    minimal_matches,
    networks,
    over_training,
    similarity,
    stability,
)

SECTIONS: tuple[Section, ...] = (
    networks.SECTION,
    similarity.SECTION,
    chance.SECTION,
    joint.SECTION,
    minimal_matches.SECTION,
    decomposition.SECTION,
    stability.SECTION,
    across_layers.SECTION,
    over_training.SECTION,
)
