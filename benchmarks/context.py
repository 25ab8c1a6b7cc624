"""What all rows share: how much to measure, the digits' activations, and where to tell progress."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import jax

import jaxrepsim
from benchmarks import digits
from jaxrepsim import convergent
from jaxrepsim.pipeline.progress import Progress

# The functions under test as a user would call them again and again: compiled.
match_profile = jax.jit(jaxrepsim.match_profile)
maximum_match = jax.jit(jaxrepsim.maximum_match)
minimal_match = jax.jit(jaxrepsim.minimal_match)
minimal_matches = jax.jit(jaxrepsim.minimal_matches)
compress = jax.jit(jaxrepsim.compress)
correlation = jax.jit(convergent.correlation)


@dataclass(frozen=True)
class Context:
    """Settings of a run of the side-by-side command."""

    quick: bool
    long: bool
    repeats: int
    baseline_units: int
    run: Path | None
    progress: Progress
    say: Callable[[str], None]

    def size(self, full: int, quick: int) -> int:
        """A size, or its toy stand-in."""
        return quick if self.quick else full

    @cached_property
    def digits(self) -> digits.Layers:
        """The layers of two networks trained on the digits."""
        with jax.enable_x64(False):  # networks train and run in float32
            if self.run is not None:
                return digits.from_run(self.run, self.progress)
            return digits.trained_here(self.quick, self.progress, self.say)
