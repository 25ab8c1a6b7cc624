"""The settings in run folders of format 1, from before each part had its own: where they are now."""

from typing import Any

_ALIGNMENTS = ("one_to_one", "mutual_information", "sparse_prediction", "clusters", "exciting_images")
_MOVED: dict[str, tuple[str, ...]] = {
    "matching.minimal_units": ("minimal_matches.units",),
    "theory.layers": ("decomposition.layers", "stability.layers", "chance.layers"),
    "theory.decomposition": ("decomposition.on",),
    "theory.simple_matches": ("decomposition.simple_matches", "stability.simple_matches"),
    "theory.seconds": ("decomposition.seconds", "stability.seconds"),
    "theory.smallest_rounds": ("decomposition.smallest_rounds",),
    "theory.stability": ("stability.on",),
    "theory.chance": ("chance.draws",),
    "theory.joint": ("joint.on",),
    "theory.across_layers": ("across_layers.on",),
    "theory.over_training": ("over_training.on",),
    "theory.images": ("sampling.images",),
    "theory.rows": ("sampling.rows",),
    "convergent.layers": tuple(f"{part}.layers" for part in _ALIGNMENTS),
    "convergent.one_to_one": ("one_to_one.on",),
    "convergent.bins": ("mutual_information.bins",),
    "convergent.penalties": ("sparse_prediction.penalties",),
    "convergent.clusters": ("clusters.count",),
    "convergent.exciting": ("exciting_images.count",),
    "convergent.before_activation": ("alignment.before_activation",),
    "convergent.rows": ("alignment.rows",),
}


def renamed(plain: dict[str, Any]) -> dict[str, Any]:
    """Plain settings of format 1 as they are named now.

    Args:
        plain: Settings of a run, or of a match, and perhaps what else a record holds.

    >>> renamed({"title": "a", "matching": {"minimal_units": 2, "seed": 3}, "theory": {"chance": 9}})
    {'title': 'a', 'minimal_matches': {'units': 2}, 'matching': {'seed': 3}, 'chance': {'draws': 9}}
    """
    found = {name: value for name, value in plain.items() if name not in ("matching", "theory", "convergent")}
    for section in ("matching", "theory", "convergent"):
        for name, value in plain.get(section, {}).items():
            for place in _MOVED.get(f"{section}.{name}", (f"{section}.{name}",)):
                part, _, setting = place.partition(".")
                found.setdefault(part, {})[setting] = value
    return found
