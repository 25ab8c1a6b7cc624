"""The networks of one architecture on which tests are made: those that differ in their seed alone, and variants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from jaxrepsim.pipeline.jobs import Job
from jaxrepsim.pipeline.progress import Progress
from jaxrepsim.pipeline.validity import study
from jaxrepsim.pipeline.validity.networks import Answers, Studied, studied
from jaxrepsim.pipeline.validity.views import VIEWS, averaged

SEEDS = "seeds"
"""The variant of the networks that differ in their seed alone."""
BY_DESIGN = {"labels": "random labels", "shortcut": "shortcut patches", "noise": "Gaussian augmentation"}
"""Tests by design, as the runs of a config are named: FAMILY_TEST_LEVEL."""
OWN_CLEAN = "shortcut"
"""The test whose variant 0 is a run of its own; of the others it is the networks of `SEEDS`."""
POOLED = "pooled"
"""The view that most tests have."""


@dataclass(frozen=True)
class Family:
    """Trained networks, and what tests need of them; what several tests need is there once."""

    name: str
    jobs: Mapping[str, Job]
    """The runs that are trained, by their names, FAMILY_VARIANT; those of other families may be among them."""
    names: Sequence[str]
    """Of the measures."""
    parts: Path
    """Where values are kept."""
    progress: Progress

    @cached_property
    def networks(self) -> Studied:
        """Those of `SEEDS`, maps pooled."""
        return studied(self._seeds, averaged)

    def on_training_images(self) -> Studied:
        """`networks`, on the images that they were trained on."""
        return studied(self._seeds, averaged, training=True)

    @cached_property
    def by_design(self) -> dict[str, dict[str, Sequence[Answers]]]:
        """For each test by design, where it has variants: the networks of each."""
        found = {}
        for test in BY_DESIGN:
            groups = {
                name: studied(job, averaged).answers
                for name, job in self.jobs.items()
                if name.startswith(f"{self.name}_{test}_")
            }
            if groups:
                clean = self.networks.answers[: min(map(len, groups.values()))]
                found[test] = groups if test == OWN_CLEAN else groups | {"clean": clean}
        return found

    def between(self, view: str, names: Sequence[str]) -> study.Between:
        """Measures of every layer of every network and every layer of every other, of those defined in that view."""
        seen = VIEWS[view]
        answers = self.networks.answers if view == POOLED else studied(self._seeds, seen.of).answers
        defined = [name for name in names if name in seen.names]
        return study.between(answers, seen.rows, defined, self.parts, self.progress)

    @property
    def _seeds(self) -> Job:
        return self.jobs[f"{self.name}_{SEEDS}"]
