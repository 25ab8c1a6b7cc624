"""The optional groups of results that take the theory further; what counts units is of redraw 0."""

from jaxrepsim.report.schema_match import MINIMAL
from jaxrepsim.report.schema_variable import COUNT, PURE, SIDES, Variable

_SIMPLE = ("layer", "pair", "epsilon", "simple")
_CELL = ("layer", "pair", "epsilon")
_DRAW = (*_CELL, "draw")
_UNIT = ("layer", "pair", "unit")
_INTERVAL = ("layer", "pair", "interval")
_ACROSS = ("layer", "other_layer")
_NULLS = (
    ("shuffled", "shuffled inputs", "with the inputs shuffled in one network"),
    ("random", "random vectors", "of random vectors with the same spectrum"),
)
THEORY: dict[str, dict[str, Variable]] = {
    "decomposition": {
        **{
            f"simple_{side}": Variable(
                (*_SIMPLE, "unit"),
                f"units of the {own} network in the simple match",
                f"Whether the unit of the {own} network is in the simple match, 1 or 0; −1 throughout where there is "
                "no such match.",
            )
            for side, own, _ in SIDES
        },
        "simple_below": Variable(
            (*_SIMPLE, "other_simple"),
            "simple match inside another",
            "1 where other_simple lies inside simple with no simple match found between the two, else 0.",
        ),
        "simple_complete": Variable(
            _CELL,
            "whether all simple matches were found",
            "1 where all were found, 0 where the search stopped before, −1 where none was made.",
        ),
        "certified_minimum": Variable(
            _CELL,
            "units with a minimum match",
            "Number of matched units of both networks that are proven to have exactly one v-minimal match.",
            COUNT,
        ),
        "certified_several": Variable(
            _CELL,
            "units with several minimal matches",
            "Number of matched units of both networks that are proven to have two v-minimal matches or more; with "
            "certified_minimum all that are matched.",
            COUNT,
        ),
        "parts": Variable(
            _CELL,
            "simple matches that make the maximum match",
            "Number of simple matches, none of them spare, whose union is the maximum match.",
            COUNT,
        ),
        "smallest_size": Variable(
            MINIMAL,
            "size of the smallest minimal match found",
            "Number of units of both networks in the smallest v-minimal match found for minimal_unit; 0 where it is "
            "in no match.",
            COUNT,
        ),
        "smallest_bound": Variable(
            MINIMAL,
            "lower bound of the smallest minimal match",
            "Proven least number of units of both networks in any match that holds minimal_unit; 0 where it is in "
            "none.",
            COUNT,
        ),
    },
    "stability": {
        "theta_lower": Variable(
            ("layer", "network"),
            "lower bound of θ",
            "Proven lower bound of the angle θ of strong linear independence of the network's units; 0 where they are "
            "dependent.",
            "rad",
        ),
        "theta_upper": Variable(
            ("layer", "network"),
            "upper bound of θ",
            "Upper bound of the angle θ of strong linear independence, the least that was found.",
            "rad",
        ),
        "stable": Variable(
            _CELL,
            "whether ε is stable",
            "1 where ε is proven stable, so that the decomposition is unique, 0 where it is proven not to be, −1 "
            "where undecided.",
        ),
        "stable_from": Variable(
            _INTERVAL,
            "start of a stable interval",
            "Start, included, of an interval of ε that the profile does not rule out at λ = 2 / sin(theta_lower) + 1.",
            PURE,
        ),
        "stable_to": Variable(
            _INTERVAL,
            "end of a stable interval",
            "End, excluded, of an interval of ε that the profile does not rule out at λ = 2 / sin(theta_lower) + 1.",
            PURE,
        ),
    },
    "chance": {
        "chance_observed": Variable(
            _CELL,
            "observed similarity",
            "Similarity of the trained networks on the chance_samples rows that all variables of this group share.",
            PURE,
        ),
        "chance_samples": Variable(
            ("layer",),
            "rows held against chance",
            "Number of rows of activations that the variables of this group rest on.",
            COUNT,
        ),
        **{
            f"chance_{null}": Variable(
                _DRAW, f"similarity of {long_name}", f"Similarity {what}, one value a draw.", PURE
            )
            for null, long_name, what in _NULLS
        },
        "chance_untrained": Variable(
            _CELL, "similarity before training", "Similarity of the same two networks before training.", PURE
        ),
        **{
            f"p_{null}": Variable(
                _CELL,
                f"p-value against {long_name}",
                f"(1 + the number of draws of chance_{null} at least as high as chance_observed) / (1 + draws).",
                PURE,
            )
            for null, long_name, _ in _NULLS
        },
        **{
            f"residual_{side}": Variable(
                _UNIT,
                f"fitted residual of the {own} network's units",
                f"Relative distance of the unit of the {own} network to the span of all units of the {other}, fitted "
                "and measured on the same rows.",
                PURE,
            )
            for side, own, other in SIDES
        },
        **{
            f"held_out_{side}": Variable(
                _UNIT,
                f"held-out residual of the {own} network's units",
                f"Relative distance of the unit of the {own} network to what all units of the {other} predict, fitted "
                "on one half of the rows and measured on the other, so that it may exceed 1.",
                PURE,
            )
            for side, own, other in SIDES
        },
    },
    "joint": {
        "joint_similarity": Variable(
            ("layer", "epsilon"),
            "similarity of all networks at once",
            "Share of all networks' units that are in the maximum match of all networks at once.",
            PURE,
        ),
        "joint_profile": Variable(
            ("layer", "network", "unit"),
            "critical ε in the match of all networks",
            "Smallest ε at which the unit is in the maximum match of all networks at once; infinite for a dead unit, "
            "NaN where there is no such unit.",
            PURE,
        ),
        "joint_matched": Variable(
            ("layer", "epsilon", "network"),
            "matched units in the match of all networks",
            "Number of the network's units in the maximum match of all networks at once.",
            COUNT,
        ),
    },
    "across": {
        "across": Variable(
            ("pair", *_ACROSS, "epsilon"),
            "similarity across layers",
            "Similarity of the layer of the pair's first network with other_layer of its second.",
            PURE,
        ),
        "across_samples": Variable(
            _ACROSS,
            "rows of a comparison across layers",
            "Number of rows of activations that the two layers are compared on.",
            COUNT,
        ),
        "across_pooled": Variable(
            _ACROSS,
            "whether maps were averaged",
            "1 where maps of different shapes were averaged to one vector an image, else 0.",
        ),
    },
    "training": {
        "training_similarity": Variable(
            ("checkpoint", *_CELL),
            "similarity over training",
            "Similarity at the checkpoint, on sampled rows of activations.",
            PURE,
        ),
        "checkpoint_accuracy": Variable(
            ("network", "checkpoint"),
            "validation accuracy at a checkpoint",
            "Share of the validation images that are right at the checkpoint.",
            PURE,
        ),
    },
}
"""Their variables by group, each of which is there as a whole or not at all."""
