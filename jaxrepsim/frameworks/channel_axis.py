"""Which axis of a layer's output holds the channels, in frameworks whose convolutions have them first."""

from collections.abc import Mapping
from typing import Any

_FIRST = ("Conv", "_ConvNd", "ConvTranspose", "_ConvTransposeNd", "BatchNorm", "_BatchNorm", "GroupNorm", "LayerNorm2d")
_FIRST += ("Pool", "AdaptivePool", "InstanceNorm", "_InstanceNorm", "Upsample", "PixelShuffle")
_FIRST_BEGINS = ("_MaxPool", "_AvgPool", "_AdaptiveAvgPool", "_AdaptiveMaxPool", "_LPPool", "AvgPool", "MaxPool")
_LAST = ("Linear", "Embedding", "MultiheadAttention", "RNNBase", "TransformerEncoderLayer", "TransformerDecoderLayer")
_NORMS = ("LayerNorm", "RMSNorm")


def channel_axes(layers: Mapping[str, tuple[Any, tuple[int, ...]]]) -> dict[str, int]:
    """The axis of the channels of each layer.

    That of a convolution, pooling, batch or group norm is 1, that of a dense layer, an embedding, attention, a
    recurrent layer, or a norm over one axis the last. What other layers give (activations, dropout, containers) is laid
    out as the last output of the same shape before it; where there is none, maps are (N, C, H, W) and three axes
    tokens (N, L, C).

    Args:
        layers: For each layer in order its module, or None, and the shape of its output.

    Returns:
        1 or -1.

    >>> channel_axes({"x": (None, (8, 16, 4, 4)), "y": (None, (8, 100, 16))})
    {'x': 1, 'y': -1}
    """
    found: dict[str, int] = {}
    by_shape: dict[tuple[int, ...], int] = {}
    for layer, (module, shape) in layers.items():
        axis = _of(module)
        if len(shape) < 3:
            axis = -1
        elif axis is None:
            axis = by_shape.get(shape, 1 if len(shape) > 3 else -1)
        found[layer] = by_shape[shape] = axis
    return found


def _of(module: Any) -> int | None:
    for kind in type(module).__mro__:
        name = kind.__name__
        if name in _FIRST or name.startswith(_FIRST_BEGINS):
            return 1
        if name in _LAST:
            return -1
        if name in _NORMS:
            normalised = getattr(module, "normalized_shape", getattr(module, "shape", None))
            return -1 if normalised is not None and len(normalised) == 1 else None
    return None
