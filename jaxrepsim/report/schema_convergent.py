"""The optional groups of results that align units: one to one, one to many, many to many.

Units are those of the layer, x of a pair's first network and y of its second; floats are padded with NaN and integers
with −1, in a layer of fewer units, and throughout where a layer was not looked at. All of it is centred, and rests on
all images and positions. A unit that never varies is constant: its correlation is 0 with every unit.
"""

from jaxrepsim.report.schema_variable import COUNT, PURE, SIDES, Variable

_UNITS = ("layer", "pair", "unit")
_MATRIX = ("layer", "pair", "unit", "other_unit")
_PREDICTED = ("layer", "pair", "penalty", "unit")
_PREDICTORS = ("layer", "pair", "penalty", "threshold", "unit")
_SHOWN = ("layer", "pair", "shown")
_RANKED = (*_SHOWN, "rank")
CONVERGENT: dict[str, dict[str, Variable]] = {
    "one_to_one": {
        "unit_mean": Variable(
            ("layer", "network", "unit"),
            "mean activation",
            "Mean of the unit's activations, in the network's own scale.",
            PURE,
        ),
        "unit_std": Variable(
            ("layer", "network", "unit"),
            "standard deviation of activations",
            "Standard deviation of the unit's activations, in the network's own scale.",
            PURE,
        ),
        "constant": Variable(
            ("layer", "network"),
            "units that never vary",
            "Number of the network's units that have the same activation on all samples.",
            COUNT,
        ),
        "correlation": Variable(
            _MATRIX,
            "correlation between the two networks",
            "Pearson correlation of a unit of the first network with other_unit of the second; 0 with a unit that "
            "never varies.",
            PURE,
        ),
        "correlation_within": Variable(
            ("layer", "network", "unit", "other_unit"),
            "correlation within a network",
            "Pearson correlation of two units of the same network; 0 with a unit that never varies.",
            PURE,
        ),
        "partner": Variable(
            _UNITS,
            "partner one to one",
            "Index of the second network's unit that the first network's unit has in the one-to-one assignment of "
            "largest total correlation; −1 for none.",
        ),
        **{
            f"best_{side}": Variable(
                _UNITS,
                f"best partner of the {own} network's units",
                f"Index of the {other} network's unit that the {own} network's unit correlates most with, which "
                "several may share; −1 for none.",
            )
            for side, own, other in SIDES
        },
        "aligned_samples": Variable(
            ("layer",),
            "samples of the correlations",
            "Number of rows of activations that correlations and all alignments rest on.",
            COUNT,
        ),
    },
    "mutual_information": {
        "mutual_information": Variable(
            _MATRIX,
            "mutual information between the two networks",
            "Mutual information of a unit of the first network with other_unit of the second, by bins and corrected "
            "for bias, so that it may lie a little below 0.",
            "nat",
        ),
        "information_partner": Variable(
            _UNITS,
            "partner one to one by mutual information",
            "Index of the second network's unit that the first network's unit has in the one-to-one assignment of "
            "largest total mutual information; −1 for none.",
        ),
        **{
            f"information_best_{side}": Variable(
                _UNITS,
                f"best partner of the {own} network's units by mutual information",
                f"Index of the {other} network's unit that the {own} network's unit shares most information with; −1 "
                "for none.",
            )
            for side, own, other in SIDES
        },
    },
    "sparse": {
        **{
            f"fitted_r2_{side}": Variable(
                _PREDICTED,
                f"fitted R² of the {own} network's units",
                f"Share of the variance of the {own} network's unit that units of the {other} explain on the images "
                "that were fitted; NaN for a unit that never varies.",
                PURE,
            )
            for side, own, other in SIDES
        },
        **{
            f"held_out_r2_{side}": Variable(
                _PREDICTED,
                f"held-out R² of the {own} network's units",
                f"Share of the variance of the {own} network's unit that units of the {other} explain on images that "
                "were not fitted, which may be negative; NaN for a unit that never varies.",
                PURE,
            )
            for side, own, other in SIDES
        },
        **{
            f"predictors_{side}": Variable(
                _PREDICTORS,
                f"predictors of the {own} network's units",
                f"Number of units of the {other} network whose coefficient in the prediction of the {own} network's "
                "unit, between standardised units, is beyond threshold.",
                COUNT,
            )
            for side, own, other in SIDES
        },
        "fitted_samples": Variable(
            ("layer",), "fitted samples", "Number of rows of activations that predictions were fitted on.", COUNT
        ),
        "held_out_samples": Variable(
            ("layer",),
            "held-out samples",
            "Number of rows of activations that predictions were measured on and not fitted.",
            COUNT,
        ),
    },
    "clusters": {
        "cluster_count": Variable(
            ("layer",),
            "clusters asked for",
            "Number of clusters that the units of a pair of networks were to be put into.",
            COUNT,
        ),
        **{
            f"{kind}_{side}": Variable(
                _UNITS,
                f"{what} of the {own} network's units",
                f"{how} of the {own} network's unit, of both networks of the pair together{none}.",
            )
            for kind, what, how, none in (
                (
                    "cluster",
                    "spectral cluster",
                    "Label of the spectral cluster",
                    "; −1 for a unit that correlates with none",
                ),
                (
                    "tree",
                    "cluster of the tree",
                    "Label of the cluster by agglomeration",
                    "; −1 where there is no such unit",
                ),
                (
                    "leaf",
                    "place in the tree",
                    "Place in the drawing order of the tree",
                    "; −1 where there is no such unit",
                ),
            )
            for side, own, _ in SIDES
        },
        **{
            f"mixed_by_chance_{kind}": Variable(
                ("layer", "pair"),
                f"{what} mixed by chance",
                f"Mean share of {what} that would hold units of both networks, if units were put at random into "
                "clusters of these sizes.",
                PURE,
            )
            for kind, what in (("cluster", "spectral clusters"), ("tree", "clusters of the tree"))
        },
    },
    "exciting": {
        **{
            f"shown_{side}": Variable(
                _SHOWN,
                f"unit of the {own} network that is shown",
                f"Index of the {own} network's unit of a pair of partners that is shown; −1 for none.",
            )
            for side, own, _ in SIDES
        },
        "shown_correlation": Variable(
            _SHOWN,
            "correlation of the two units shown",
            "Pearson correlation of the two partners that are shown.",
            PURE,
        ),
        **{
            f"{kind}_{side}": Variable(_RANKED, long_name.format(own), description.format(own), units)
            for kind, long_name, description, units in (
                (
                    "exciting",
                    "image that excites the {} network's unit",
                    "Index of the image that excites the {} network's unit most, second most and so on; −1 for none.",
                    "",
                ),
                (
                    "exciting_value",
                    "activation of the {} network's unit",
                    "Highest activation of the {} network's unit on that image, in the network's own scale.",
                    PURE,
                ),
                (
                    "row",
                    "height of the most exciting position, {} network",
                    "Where the most exciting position of the {} network's map has its centre, as a share of the "
                    "image's height from the top; NaN for a dense layer.",
                    PURE,
                ),
                (
                    "column",
                    "width of the most exciting position, {} network",
                    "Where the most exciting position of the {} network's map has its centre, as a share of the "
                    "image's width from the left; NaN for a dense layer.",
                    PURE,
                ),
            )
            for side, own, _ in SIDES
        },
        "pixels": Variable(
            ("image", "pixel_row", "pixel_column", "channel"),
            "pixels",
            "Brightness of the images that exciting_x and exciting_y name, from 0 to 255 and perhaps averaged to "
            "fewer pixels.",
            PURE,
        ),
    },
}
"""Their variables by group, each of which is there as a whole or not at all."""
