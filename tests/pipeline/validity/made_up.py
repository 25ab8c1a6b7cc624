"""Networks of which the right answers are known."""

import numpy as np

from jaxrepsim.pipeline.validity.networks import Answers, pooled

IMAGES = 48
LABELS = np.arange(IMAGES) % 3


def made_up(seed: int, group: int = 0) -> Answers:
    """Three layers, each a rotation of a signal that all networks of the group share, and that layers do not."""
    random, shared = np.random.default_rng(seed), np.random.default_rng(100 + group)
    maps = {}
    for layer, side in (("early", 4), ("middle", 2), ("late", 1)):
        signal = shared.normal(size=(IMAGES, side, side, 4)) + 2 * np.eye(4)[LABELS][:, None, None]
        maps[layer] = signal @ np.linalg.qr(random.normal(size=(4, 4)))[0] + 0.05 * random.normal(size=signal.shape)
    return Answers(maps, pooled(maps["late"]), np.eye(3)[LABELS] * 5 + random.normal(size=(IMAGES, 3)))
