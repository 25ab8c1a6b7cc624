"""The layers that settings name."""

from collections.abc import Sequence

from jaxrepsim.errors import unknown


def chosen_layers(every: Sequence[str], asked: Sequence[str]) -> list[str]:
    """The layers that are asked for, in the order of the network; all where none is named.

    Raises:
        InputError: A layer is none of those there are.
    """
    for layer in asked:
        if layer not in every:
            raise unknown("layer", layer, every)
    return [layer for layer in every if layer in asked] if asked else list(every)
