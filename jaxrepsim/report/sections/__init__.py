"""The sections of the page, in its order: adding one is its file, its template, and its line here."""

from jaxrepsim.report.section import Section
from jaxrepsim.report.sections import (
    across_layers,
    both_papers,
    chance,
    clusters,
    decomposition,
    dimensionality,
    exciting_images,
    joint,
    measures,
    minimal_matches,
    mutual_information,
    networks,
    one_to_one,
    over_training,
    similarity,
    sparse_prediction,
    stability,
)

SECTIONS: tuple[Section, ...] = (
    networks.SECTION,
    similarity.SECTION,
    chance.SECTION,
    measures.SECTION,
    joint.SECTION,
    minimal_matches.SECTION,
    decomposition.SECTION,
    stability.SECTION,
    dimensionality.SECTION,
    across_layers.SECTION,
    over_training.SECTION,
    one_to_one.SECTION,
    mutual_information.SECTION,
    sparse_prediction.SECTION,
    clusters.SECTION,
    exciting_images.SECTION,
    both_papers.SECTION,
)
