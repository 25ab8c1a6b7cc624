"""The order of layers in a file that keeps none."""

import re


def natural(name: str) -> list[str | int]:
    """The key that sorts conv2 before conv10.

    >>> sorted(["conv10", "conv2"], key=natural)
    ['conv2', 'conv10']
    """
    return [int(part) if index % 2 else part for index, part in enumerate(re.split(r"([0-9]+)", name))]
