"""The authors' Algorithm 1, as in the paper, on random and planted pairs at five ε: the same sets of units."""

import jax
import numpy as np
import pytest

import jaxrepsim
from tests import reference as ref
from tests.matching import calls

EPSILONS = (0.0, 0.15, 0.3, 0.5, 0.7)
MARGIN = 1e-6


def pair(seed):
    """Random, mixed from common signals, in groups noisier and noisier, or planted: up to 10 + 10 units."""
    rng = np.random.default_rng(seed)
    m, n_x, n_y = 60, *(int(n) for n in rng.integers(1, 11, size=2))
    if seed % 4 == 0:
        return ref.random_pair(rng, int(rng.integers(4, m)), n_x, n_y)
    if seed % 4 == 1:
        return ref.latent_pair(rng, m, n_x, n_y, rank=int(rng.integers(1, 6)), noise=float(rng.uniform(0, 0.9)))
    if seed % 4 == 2:
        return ref.grouped_pair(rng, m, 9, 3)
    groups = [
        (int(d), float(s)) for d, s in zip(rng.integers(1, 4, 3), rng.choice([0, 0.1, 0.2, 0.4, 0.6], 3), strict=True)
    ]
    return ref.planted_pair(rng, m, groups, (2, 1))[:2]


def compared(seeds):
    """How many sets were compared, and how many of them are neither empty nor whole."""
    sets = inside = 0
    for seed in seeds:
        x, y = pair(seed)
        with jax.enable_x64(True):
            profile = jaxrepsim.match_profile(x, y)
            for epsilon in EPSILONS:
                # What lies within the resolution of ε counts as at most ε: the oracle reads it so too.
                seen = ref.Seen(np.hypot(epsilon, calls.RESOLUTION[np.float64]))
                expected = ref.maximum_match_lstsq(x, y, seen.epsilon, seen=seen)
                if seen.margin < MARGIN:
                    continue
                found = jaxrepsim.maximum_match(x, y, epsilon)
                np.testing.assert_array_equal(calls.joint(found), expected, err_msg=f"pair {seed}, ε {epsilon}")
                np.testing.assert_array_equal(calls.joint(profile.match(epsilon)), expected)
                sets += 1
                inside += 0 < expected.sum() < len(expected)
    return sets, inside


def test_equal_sets():
    sets, inside = compared(range(24))
    assert sets > 80
    assert inside > 20


@pytest.mark.long
def test_equal_sets_on_a_thousand_pairs():
    sets, inside = compared(range(1000))
    assert sets > 4000
    assert inside > 1000
