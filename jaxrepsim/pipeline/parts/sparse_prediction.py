"""Sparse prediction of each unit from those of the other network."""

import math
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from jaxrepsim.convergent import Moments, held_out_r2, sparse_prediction_of
from jaxrepsim.pipeline.part import Inputs, LayerPart, along, pairs

THRESHOLDS = (0.0, 0.01, 0.1)
"""Of a coefficient between standardised units, above which a unit counts as a predictor."""


@dataclass(frozen=True)
class SparsePrediction(LayerPart):
    """Sparse prediction of each unit from those of the other network, on one half of the images, and held out."""

    needs = "statistics"
    uses = ("one_to_one",)
    reads = ("alignment",)
    asked_by = "penalties"
    requirements = (
        ("penalties", "at least 0, and finite", lambda values: all(0 <= value < math.inf for value in values)),
        ("penalties", "all different", lambda values: len(set(values)) == len(values)),
    )

    penalties: tuple[float, ...] = ()
    """At each of these; 0 is least squares. None for none of it."""

    def of_layer(self, inputs: Inputs, layer: str) -> xr.Dataset:
        fitted, held_out = inputs.statistics[layer].fitted, inputs.statistics[layer].held_out
        assert held_out is not None  # penalties are asked for
        widths, path = inputs.statistics[layer].widths, jnp.asarray(self.penalties)
        found = []
        for a, b in pairs(range(len(widths))):
            variables = {}
            for side, source, target in (("y", a, b), ("x", b, a)):
                predicted = _predicted(fitted.networks(source, target), held_out.networks(source, target), path)
                of_own = [np.asarray(values)[..., : widths[target]] for values in predicted]
                variables[f"fitted_r2_{side}"] = (("penalty", "unit"), of_own[0])
                variables[f"held_out_r2_{side}"] = (("penalty", "unit"), of_own[1])
                variables[f"predictors_{side}"] = (("penalty", "threshold", "unit"), of_own[2])
            found.append(variables)
        return xr.Dataset(
            {
                **along("pair", found, unit=max(widths)),
                "fitted_samples": ((), np.asarray(fitted.samples, np.int64)),
                "held_out_samples": ((), np.asarray(held_out.samples, np.int64)),
            },
            coords={"penalty": list(self.penalties), "threshold": list(THRESHOLDS)},
        )


@jax.jit
def _predicted(fitted: Moments, held_out: Moments, penalties: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    """R² as fitted and held out, and the numbers of predictors, of the second network's units from the first's."""
    found = sparse_prediction_of(fitted, penalties)
    counts = jnp.stack([found.predictors(threshold) for threshold in THRESHOLDS], axis=1)
    # Of a unit that never varies there is nothing to predict: it should not pull means down.
    varies = ~(fitted.constant[1] | held_out.constant[1])
    elsewhere = held_out_r2(found.coefficients, fitted, held_out)
    return jnp.where(varies, found.r2, jnp.nan), jnp.where(varies, elsewhere, jnp.nan), counts.astype(jnp.int32)
