"""Sparse prediction of each unit from those of the other network."""

import math
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from jaxrepsim.convergent import Moments, held_out_r2, sparse_prediction_of
from jaxrepsim.pipeline.part import Inputs, LayerPart, pairs, stacked
from jaxrepsim.pipeline.parts.aligned import gathered, ordered_pairs

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
        state = gathered(inputs.statistics[layer])
        held_out = state.held_out
        assert held_out is not None  # penalties are asked for
        values: dict[str, list[np.ndarray]] = {}
        path = jnp.asarray(self.penalties)
        here = zip(pairs(state.widths), ordered_pairs(state.fitted), ordered_pairs(held_out), strict=True)
        for (a, b), fitted, unseen in here:
            for side, own, two in (("y", b, (fitted[0], unseen[0])), ("x", a, (fitted[1], unseen[1]))):
                names = (f"fitted_r2_{side}", f"held_out_r2_{side}", f"predictors_{side}")
                for name, found in zip(names, _predicted(*two, path), strict=True):
                    values.setdefault(name, []).append(np.asarray(found)[..., :own])
        dims = {2: ("pair", "penalty", "unit"), 3: ("pair", "penalty", "threshold", "unit")}
        return xr.Dataset(
            {
                **{name: (dims[parts[0].ndim], stacked(parts, max(state.widths))) for name, parts in values.items()},
                "fitted_samples": ((), np.asarray(state.fitted.samples, np.int64)),
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
