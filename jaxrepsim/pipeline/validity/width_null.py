"""Width null: what measures give for independent networks of few and of many units."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from jaxrepsim import validity
from jaxrepsim.pipeline.progress import Progress
from jaxrepsim.pipeline.publish import number
from jaxrepsim.pipeline.validity.layers_across import SEED, Values, kept

SAMPLES = 1024
WIDTHS = (64, 128, 256, 512, 1024, 2048)
DRAWS = 19
"""Of the null that a measure is calibrated by: the least with which p can be 0.05."""
MOST_UNITS = {"match_similarity": 1024, "match_auc": 1024, "ridge": 1024}
"""Measures that would take more than ten minutes on wider networks."""


def width_null(
    names: Sequence[str],
    folder: Path,
    progress: Progress,
    samples: int = SAMPLES,
    widths: Sequence[int] = WIDTHS,
) -> xr.Dataset:
    """Measures of independent standard Gaussian activations, raw, and against shuffled samples.

    Of a width all measures see the same two networks, and the same orders of samples.

    Args:
        names: Of the measures.
        folder: Where values are kept.
        progress: Told of each measure and width.
        samples: How many.
        widths: Units of both networks.

    Returns:
        `value`, `p` and `calibrated` by measure and units; NaN where `MOST_UNITS` leaves it out.
    """
    found = np.full((3, len(names), len(widths)), np.nan)
    for at, units in enumerate(widths):
        for row, name in enumerate(names):
            if units <= MOST_UNITS.get(name, units):
                identity = f"width null, {samples} samples, {units} units, {DRAWS} draws".encode()

                def compute(missing: Sequence[str], units: int = units) -> Values:
                    cells = {name: validity.of_independent(name, samples, units, DRAWS, SEED) for name in missing}
                    return {name: np.array([one.observed, one.p, one.calibrated]) for name, one in cells.items()}

                found[:, row, at] = kept([identity], [name], compute, folder)[name]
            progress("width null", at * len(names) + row + 1, len(names) * len(widths))
    dims = ("measure", "units")
    return xr.Dataset(
        dict(zip(("value", "p", "calibrated"), ((dims, each) for each in found), strict=True)),
        {"measure": [*names], "units": [*widths]},
        {"samples": samples, "draws": DRAWS},
    )


def null_table(found: xr.Dataset) -> tuple[list[str], list[list[str]]]:
    """The headings and rows of a table: of each width the raw value, and the calibrated one behind it."""
    widths = [f"{units}" for units in found["units"].values]
    cells = [
        [
            f"{number(raw, 3)} ({number(calibrated, 2)})" if not np.isnan(raw) else "–"
            for raw, calibrated in zip(*row, strict=True)
        ]
        for row in zip(found["value"].values, found["calibrated"].values, strict=True)
    ]
    return ["measure", *widths], [
        [name, *row] for name, row in zip(found["measure"].values.tolist(), cells, strict=True)
    ]
