"""How a layer's array is laid out: nothing in its numbers shows it, so it is said."""

from collections.abc import Collection, Mapping

from jaxrepsim.errors import InputError

LAYOUTS = {
    "NC": "samples, units",
    "NLC": "inputs, tokens, units",
    "NCL": "inputs, units, tokens",
    "NHWC": "inputs, height, width, channels",
    "NCHW": "inputs, channels, height, width",
    "NDHWC": "inputs, depth, height, width, channels",
    "NCDHW": "inputs, channels, depth, height, width",
}
"""The axes of an array, a letter each, and what they are: C is that of the units, all others count samples of them."""

FILE_LAYOUTS = {**LAYOUTS, "RNC": "draws, samples, units"}
"""Those of an array in a file, which may hold several draws of samples."""


def layout_of(layer: str, shape: tuple[int, ...], stated: Mapping[str, str], assumed: Collection[str]) -> str:
    """The layout of an array in a file.

    Args:
        layer: Its name.
        shape: Its shape.
        stated: For some layers, what the file states.
        assumed: What holds for arrays of so many axes of which the file states nothing.

    Returns:
        One of `FILE_LAYOUTS`, of as many axes as the array has.

    Raises:
        InputError: None is stated or assumed, and there are more axes than two; two are, or one that does not fit.

    >>> layout_of("fc", (10, 3), {}, ()), layout_of("conv", (10, 8, 8, 3), {"conv": "NHWC"}, ())
    ('NC', 'NHWC')
    """
    said = [stated[layer]] if layer in stated else [each for each in assumed if len(each) == len(shape)]
    possible = {layout: axes for layout, axes in FILE_LAYOUTS.items() if len(layout) == len(shape)}
    layout = said[0] if said else "NC"
    if layout in possible and len(said) <= 1:
        return layout
    if said or not possible:
        received = f", and its layout is said to be {' and '.join(map(repr, said))}" if said else ""
        raise InputError(f"layer {layer!r} has shape {shape}{received}; there are {_listed(possible or FILE_LAYOUTS)}")
    raise InputError(
        f"layer {layer!r} has shape {shape}, and nothing states its layout: {_listed(possible)}. Say which: `--layout` "
        "on the command line, `layouts` in Python, or the entry 'layout' in the metadata of a .safetensors file"
    )


def _listed(layouts: Mapping[str, str]) -> str:
    return ", ".join(f"{layout} ({axes})" for layout, axes in layouts.items())
