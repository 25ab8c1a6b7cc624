"""What things are called where several meet."""

from collections.abc import Sequence
from pathlib import Path


def distinct(names: Sequence[str], places: Sequence[Path]) -> list[str]:
    """Names of which no two are the same, where no two places are.

    Args:
        names: What each is called in its own place.
        places: The file or folder of each.

    Returns:
        The names; where two are the same, with the folder that each is in, or with the whole path.

    >>> distinct(["a", "b", "a"], [Path("x/a"), Path("x/b"), Path("y/a")])
    ['x/a', 'b', 'y/a']
    """
    longer = [
        f"{place.parent.name}/{name}" if names.count(name) > 1 else name
        for name, place in zip(names, places, strict=True)
    ]
    return longer if len(set(longer)) == len(longer) else [str(place) for place in places]
