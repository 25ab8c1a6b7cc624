"""The dimensions of the results file."""

from jaxrepsim.report.schema_variable import PURE, Variable

COORDINATES: dict[str, Variable] = {
    "layer": Variable(("layer",), "layer", "Name of the layer, from input to output."),
    "pair": Variable(
        ("pair",), "pair of networks", "Names of the two networks, the first (x) and the second (y), such as 0-1."
    ),
    "network": Variable(("network",), "network", "Name of the network: its seed, or its file."),
    "epsilon": Variable(
        ("epsilon",), "ε", "Largest residual (relative distance to a span) that a unit in a match may have.", PURE
    ),
    "redraw": Variable(
        ("redraw",), "redraw", "Index of the draw of positions of maps; one where all positions are used."
    ),
    "unit": Variable(("unit",), "unit", "Index of the unit (neuron or channel) within its layer, from 0."),
    "other_unit": Variable(("other_unit",), "other unit", "Index of the second of two units, from 0."),
    "sample": Variable(
        ("sample",),
        "sampled unit",
        "Place among the units of a layer and pair for which minimal matches were searched, named by minimal_unit; "
        "not a sample of the data.",
    ),
    "epoch": Variable(("epoch",), "epoch", "Number of the training epoch, from 1.", "epoch"),
    "other_layer": Variable(
        ("other_layer",),
        "layer of the second network",
        "Name of the layer of the second network of a pair, where layers are compared with one another.",
    ),
    "simple": Variable(("simple",), "simple match", "Index of the simple match in the order in which they were found."),
    "other_simple": Variable(("other_simple",), "other simple match", "Index of the second of two simple matches."),
    "interval": Variable(("interval",), "stable interval", "Index of the interval of ε."),
    "draw": Variable(("draw",), "draw", "Index of the random draw."),
    "checkpoint": Variable(
        ("checkpoint",), "epoch of a checkpoint", "Training epochs finished at the checkpoint; 0 is untrained.", "epoch"
    ),
    "penalty": Variable(
        ("penalty",),
        "L1 penalty",
        "Weight of the L1 penalty of sparse prediction between standardised units; 0 is least squares.",
        PURE,
    ),
    "threshold": Variable(
        ("threshold",),
        "threshold of a coefficient",
        "Size of a coefficient between standardised units beyond which the unit counts as a predictor.",
        PURE,
    ),
    "shown": Variable(
        ("shown",),
        "matched pair of units",
        "Place of a pair of partners among those that are shown, from the most alike to the least.",
    ),
    "rank": Variable(("rank",), "rank", "Rank of an image by how much it excites a unit, from the highest."),
    "image": Variable(
        ("image",), "image", "Index of the image in the split of the data that the networks are compared on."
    ),
    "pixel_row": Variable(("pixel_row",), "row of pixels", "Row of the kept image, from the top."),
    "pixel_column": Variable(("pixel_column",), "column of pixels", "Column of the kept image, from the left."),
    "channel": Variable(
        ("channel",), "colour channel", "Channel of the kept image: one for grey, three for red, green and blue."
    ),
}
"""Of every dimension; simple, draw, rank and those of pixels are counted only, and have no coordinate in a file."""
