"""What the tests of decompositions share: pairs of one shape, with every edge case of the field among them."""

import jax
import numpy as np

import jaxrepsim
from tests import reference as ref
from tests.matching import calls

SAMPLES, UNITS = 40, 12  # the shape of the pairs that are too large for brute force
AT_ONCE = 64
"""So many small pairs are certified by one program, the largest of all to compile: half of its time."""
_certified = jax.jit(jax.vmap(jaxrepsim.certificates))


def certificates(x, y, epsilon, dtype):
    """Those of small cases, each at several ε: (case, ε, ...)."""
    cases, levels = epsilon.shape
    every = np.repeat(x, levels, axis=0), np.repeat(y, levels, axis=0), epsilon.ravel()
    places = np.arange(-(-cases * levels // AT_ONCE) * AT_ONCE) % (cases * levels)  # the last ones more than once
    found = [
        calls.call(_certified, *(a[some] for a in every), dtype=dtype)
        for some in np.split(places, len(places) // AT_ONCE)
    ]
    return jax.tree.map(
        lambda *parts: np.concatenate(parts)[: cases * levels].reshape(cases, levels, *parts[0].shape[1:]), *found
    )


def degenerate():
    """Pairs by name, padded to the shape of the small cases, with what every simple match of theirs is at ε = 0.2."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, calls.SAMPLES, 3))
    basis = np.linalg.qr(rng.normal(size=(calls.SAMPLES, 6)))[0]
    nothing = np.zeros((calls.SAMPLES, 0))
    pairs = {
        "no unit": (nothing, nothing, []),
        "no unit in one": (nothing, y, []),
        "one unit each": (x[:, :1], 3 * x[:, :1], [{0, 5}]),
        "one unit each, unrelated": (basis[:, :1], basis[:, 1:2], []),
        "all dead": (np.zeros((calls.SAMPLES, 3)), np.zeros((calls.SAMPLES, 2)), []),
        "one net dead": (x, np.zeros((calls.SAMPLES, 2)), []),
        "identical": (basis[:, :3], basis[:, :3], [{0, 5}, {1, 6}, {2, 7}]),
        "disjoint": (basis[:, :3], basis[:, 3:], []),
        "two copies": (basis[:, [0, 0]], basis[:, :1], [{0, 5}, {1, 5}]),
        "rotated": (basis[:, :2], basis[:, :2] @ np.array([[0.6, -0.8], [0.8, 0.6]]), [{0, 1, 5, 6}]),
    }
    return {name: (calls.pad(a), calls.pad(b), expected) for name, (a, b, expected) in pairs.items()}


def larger_pair(seed):
    """12 + 12 units in four groups, and an ε at which some of them match."""
    rng = np.random.default_rng(seed)
    x, y = ref.grouped_pair(rng, SAMPLES, UNITS, 4)
    critical = ref.profile_peel(x, y)
    (epsilon,) = ref.clear_epsilons(critical, (np.quantile(critical, 0.6),), 1e-6)
    return x, y, epsilon


def rows(matches):
    """Matches as a set of frozen sets of joint indices."""
    return [frozenset(np.flatnonzero(calls.joint(match)).tolist()) for match in matches]
