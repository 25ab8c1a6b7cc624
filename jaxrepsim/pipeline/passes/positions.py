"""The positions of a convolution that are drawn, as they come batch by batch."""

from typing import NamedTuple

import numpy as np

from jaxrepsim.activations import layer_key, sample_positions
from jaxrepsim.pipeline.shared_settings import MatchingConfig


class Draw(NamedTuple):
    """Which rows of every device's part of every batch are wanted.

    Fields:
        rows: (redraws, positions): rows of the whole layer, each redraw in ascending order.
        cuts: (redraws, parts + 1): where in `rows` each device's part of each batch begins, and where the last ends.
        starts: (parts,): the rows of the whole layer at which the parts begin.
        devices: How many parts a batch has.
    """

    rows: np.ndarray
    cuts: np.ndarray
    starts: np.ndarray
    devices: int

    @property
    def redraws(self) -> int:
        """How often rows were drawn."""
        return len(self.rows)

    @property
    def width(self) -> int:
        """The most rows that any redraw has in any part."""
        return max(1, int(np.diff(self.cuts).max()))

    def batch(self, step: int) -> np.ndarray:
        """(devices, redraws, width): the wanted rows, counted within each part, then −1: all of one shape."""
        found = np.full((self.devices, self.redraws, self.width), -1, np.int32)
        for device in range(self.devices):
            part = step * self.devices + device
            for redraw, (rows, cuts) in enumerate(zip(self.rows, self.cuts, strict=True)):
                wanted = rows[cuts[part] : cuts[part + 1]] - self.starts[part]
                found[device, redraw, : len(wanted)] = wanted
        return found


def draw(
    layer: str, images: int, each: int, part: int, parts: int, devices: int, config: MatchingConfig
) -> Draw | None:
    """Draws the positions that the settings ask for.

    Args:
        layer: Its name, which decides with `config.seed` what is drawn: the same for every network.
        images: How many images there are.
        each: How many positions the layer has on an image.
        part: How many images a device has of a batch.
        parts: How many such parts there are, all batches together.
        devices: How many parts a batch has.
        config: Positions and redraws.

    Returns:
        The draw, or None where all positions are used: of a fully connected layer, which has one position on an image,
        all images are compared, as in Wang et al. 2018.
    """
    if config.positions is None or each == 1 or config.positions >= images * each:
        return None
    key = layer_key(config.seed, layer)
    rows = np.asarray(sample_positions(key, images * each, config.positions, config.redraws))
    edges = np.arange(parts + 1) * part * each
    cuts = np.stack([np.searchsorted(redraw, edges) for redraw in rows])
    return Draw(rows, cuts, edges[:-1], devices)
