"""The sections of the page, in its order: adding one is its file, its template, and its line here."""

from jaxrepsim.report.section import Section
from jaxrepsim.report.sections import across_layers, chance, decomposition, joint, over_training, stability

SECTIONS: tuple[Section, ...] = (
    chance.SECTION,
    joint.SECTION,
    decomposition.SECTION,
    stability.SECTION,
    across_layers.SECTION,
    over_training.SECTION,
)
