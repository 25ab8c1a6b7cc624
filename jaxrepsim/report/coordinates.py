"""The dimensions that groups of results share. A section declares those that are its own."""

from jaxrepsim.report.variable import PURE, Variable

ROOT: dict[str, Variable] = {
    "layer": Variable(("layer",), "layer", "Name of the layer, from input to output."),
    "pair": Variable(
        ("pair",), "pair of networks", "Names of the two networks, the first (x) and the second (y), such as 0-1."
    ),
    "network": Variable(("network",), "network", "Name of the network: its seed, or its file."),
    "epsilon": Variable(
        ("epsilon",), "ε", "Largest residual (relative distance to a span) that a unit in a match may have.", PURE
    ),
}
"""At the root, and inherited by every group."""
SHARED: dict[str, Variable] = {
    "redraw": Variable(
        ("redraw",), "redraw", "Index of the draw of positions of maps; one where all positions are used."
    ),
    "unit": Variable(("unit",), "unit", "Index of the unit (neuron or channel) within its layer, from 0."),
    "other_unit": Variable(("other_unit",), "other unit", "Index of the second of two units, from 0."),
    "sample": Variable(
        ("sample",),
        "sampled unit",
        "Place among the units of a layer and pair for which minimal matches were searched; not a sample of the data.",
    ),
}
"""In the groups whose variables have them."""
