"""The optional groups of results that align units: one to one, one to many, many to many.

Units are those of the layer, x of a pair's first network and y of its second; floats are padded with NaN and integers
with −1, in a layer of fewer units, and throughout where a layer was not looked at. All of it is centred, and rests on
all images and positions. A unit that never varies is constant: its correlation is 0 with every unit.

- one_to_one: unit_mean and unit_std of each unit; constant, how many units of a network never vary; correlation of x
  units with y units (`other_unit`), and correlation_within each network; partner, the y unit of each x unit in the
  one-to-one assignment of largest total correlation, −1 for none; best_x, the y unit that each x unit correlates most
  with, and best_y, the x unit of each y unit, where several may have the same; aligned_samples, the rows of a layer.
- mutual_information: mutual_information of x units with y units in nats, by bins, bias corrected, so that it may lie a
  little below 0; information_partner, information_best_x and information_best_y as above, by it.
- sparse: each unit predicted by few units of the other network, at each `penalty` (coordinate; 0 is least squares):
  fitted_r2_x of x units predicted from y units, and fitted_r2_y of y units from x units, on the images that were
  fitted; held_out_r2_x, held_out_r2_y on the others, which may be negative; all NaN for a unit that never varies on
  either; predictors_x, predictors_y, how many units
  have a coefficient of more than `threshold` (coordinate) between standardised units; fitted_samples and
  held_out_samples of a layer.
- clusters: cluster_count of a layer; cluster_x, cluster_y, the spectral cluster of each unit, of both networks
  together, −1 for a unit that correlates with none; tree_x, tree_y, the same by agglomeration; leaf_x, leaf_y, the
  place of each unit among all units of both in the drawing order of the tree; mixed_by_chance_cluster and
  mixed_by_chance_tree, the share of clusters that would hold units of both networks on average, if units were put at
  random into clusters of these sizes.
- exciting: for the matched pairs that are shown (`shown`), shown_x and shown_y, the units, and shown_correlation;
  exciting_x and exciting_y, the index of the image that excites the unit most, second most, ... (`rank`), and how much
  (exciting_value_x, exciting_value_y); row_x, column_x, row_y, column_y, where in the image the most exciting position
  of the map has its centre, as shares of its height and width, NaN for a dense layer; pixels (`image`, a coordinate of
  indices), the images that these name, 0 to 255, perhaps made smaller.
"""

_UNITS = ("layer", "pair", "unit")
_MATRIX = ("layer", "pair", "unit", "other_unit")
_PREDICTED = ("layer", "pair", "penalty", "unit")
_PREDICTORS = ("layer", "pair", "penalty", "threshold", "unit")
_SHOWN = ("layer", "pair", "shown")
_RANKED = (*_SHOWN, "rank")
_SIDES = ("x", "y")
CONVERGENT: dict[str, dict[str, tuple[str, ...]]] = {
    "one_to_one": {
        "unit_mean": ("layer", "network", "unit"),
        "unit_std": ("layer", "network", "unit"),
        "constant": ("layer", "network"),
        "correlation": _MATRIX,
        "correlation_within": ("layer", "network", "unit", "other_unit"),
        "partner": _UNITS,
        "best_x": _UNITS,
        "best_y": _UNITS,
        "aligned_samples": ("layer",),
    },
    "mutual_information": {
        "mutual_information": _MATRIX,
        "information_partner": _UNITS,
        "information_best_x": _UNITS,
        "information_best_y": _UNITS,
    },
    "sparse": {
        **{f"fitted_r2_{side}": _PREDICTED for side in _SIDES},
        **{f"held_out_r2_{side}": _PREDICTED for side in _SIDES},
        **{f"predictors_{side}": _PREDICTORS for side in _SIDES},
        "fitted_samples": ("layer",),
        "held_out_samples": ("layer",),
    },
    "clusters": {
        "cluster_count": ("layer",),
        **{f"{kind}_{side}": _UNITS for kind in ("cluster", "tree", "leaf") for side in _SIDES},
        **{f"mixed_by_chance_{kind}": ("layer", "pair") for kind in ("cluster", "tree")},
    },
    "exciting": {
        **{f"shown_{side}": _SHOWN for side in _SIDES},
        "shown_correlation": _SHOWN,
        **{f"{kind}_{side}": _RANKED for kind in ("exciting", "exciting_value", "row", "column") for side in _SIDES},
        "pixels": ("image", "pixel_row", "pixel_column", "channel"),
    },
}
"""Their variables with their dimensions, by group."""
