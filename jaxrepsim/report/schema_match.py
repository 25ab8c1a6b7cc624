"""What every results file holds: coordinates, maximum matches, match profiles and sampled minimal matches."""

from jaxrepsim.report.schema_variable import COUNT, PURE, SIDES, Variable

_MATCH = ("layer", "pair", "epsilon", "redraw")
_PROFILE = ("layer", "pair", "redraw", "unit")
MINIMAL = ("layer", "pair", "epsilon", "sample")


REQUIRED: dict[str, Variable] = {
    "similarity": Variable(
        _MATCH,
        "similarity",
        "Share of the units of both networks, dead ones included, that are in the maximum ε-approximate match; NaN "
        "where the redraw was not made.",
        PURE,
    ),
    **{
        f"matched_{side}": Variable(
            _MATCH,
            f"matched units of the {own} network",
            f"Number of units of the {own} network of the pair in the maximum match.",
            COUNT,
        )
        for side, own, _ in SIDES
    },
    **{
        f"profile_{side}": Variable(
            _PROFILE,
            f"critical ε of the {own} network's units",
            f"Smallest ε at which the unit of the {own} network of the pair is in the maximum match; infinite for a "
            "dead unit, NaN where the layer has no such unit.",
            PURE,
        )
        for side, own, _ in SIDES
    },
    "minimal_unit": Variable(
        MINIMAL,
        "sampled unit",
        "Joint index of the unit v for which a minimal match was searched: the first network's units, then the "
        "second's; −1 for none.",
    ),
    **{
        f"minimal_size_{side}": Variable(
            MINIMAL,
            f"units of the {own} network in the minimal match",
            f"Number of units of the {own} network in the v-minimal match found for minimal_unit; 0 where that unit "
            "is in no match.",
            COUNT,
        )
        for side, own, _ in SIDES
    },
    "units": Variable(
        ("layer",),
        "units",
        "Number of units (neurons or channels) of the layer in the network that has the most.",
        COUNT,
    ),
    "samples": Variable(
        ("layer",),
        "samples",
        "Number of rows of activations that the match rests on: inputs, times positions of a map.",
        COUNT,
    ),
    "dead": Variable(
        ("layer", "network"),
        "dead units",
        "Number of units that are zero on all samples, which are counted and never matched.",
        COUNT,
    ),
}
OPTIONAL: dict[str, Variable] = {
    "accuracy": Variable(
        ("network",),
        "validation accuracy",
        "Share of the validation images that the network as compared gets right.",
        PURE,
    ),
    "train_loss": Variable(("network", "epoch"), "training loss", "Mean cross entropy over the epoch.", "nat"),
    "validation_accuracy": Variable(
        ("network", "epoch"),
        "validation accuracy after each epoch",
        "Share of the validation images that are right after the epoch.",
        PURE,
    ),
}
