"""The sections of the page, in its order: adding one is its file, its template, and its line here."""

from jaxrepsim.report.section import Section
from jaxrepsim.report.sections import (
    both_papers,
    chance,
    clusters,
    exciting_images,
    mutual_information,
    one_to_one,
    sparse_prediction,
)

SECTIONS: tuple[Section, ...] = (
    chance.SECTION,
    one_to_one.SECTION,
    mutual_information.SECTION,
    sparse_prediction.SECTION,
    clusters.SECTION,
    exciting_images.SECTION,
    both_papers.SECTION,
)
