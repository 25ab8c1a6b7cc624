"""The sections of the page, in its order: adding one is its file, its template, and its line here."""

from jaxrepsim.report.section import Section
from jaxrepsim.report.sections import (
    chance,
    minimal_matches,
    networks,
    similarity,
)

SECTIONS: tuple[Section, ...] = (
    networks.SECTION,
    similarity.SECTION,
    chance.SECTION,
    minimal_matches.SECTION,
)
