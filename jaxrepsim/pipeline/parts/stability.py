"""How independent a layer's units are, and at which ε matches are unique for that."""

from dataclasses import dataclass

import jax
import numpy as np
import xarray as xr

from jaxrepsim.activations import layer_key
from jaxrepsim.decomposition import independence, stable_intervals
from jaxrepsim.decomposition.stability import is_stable_by_search
from jaxrepsim.matching import MatchProfile
from jaxrepsim.pipeline.part import Inputs, along, pairs
from jaxrepsim.pipeline.parts.searched import Searched

_independence = jax.jit(independence)


@dataclass(frozen=True)
class Stability(Searched):
    """How independent each network's units are, and at which ε the theorem on uniqueness applies; simple matches are
    enumerated where that has to decide."""

    uses = ("similarity",)

    def of_layer(self, inputs: Inputs, layer: str) -> xr.Dataset:
        here, networks = inputs.groups["similarity"].sel(layer=layer).isel(redraw=0), inputs.rows(layer)
        x, y = (here[f"profile_{side}"].values for side in "xy")
        profiles = [MatchProfile(a[~np.isnan(a)], b[~np.isnan(b)]) for a, b in zip(x, y, strict=True)]
        found = [_independence(network, layer_key(inputs.matching.seed, layer)) for network in networks]
        factors = [max(float(a.factor), float(b.factor)) for a, b in pairs(found)]
        intervals = [stable_intervals(profile, factor) for profile, factor in zip(profiles, factors, strict=True)]
        bounds = self.simple_matches, self.seconds
        decided = [
            [is_stable_by_search(x, y, float(epsilon), factor, *bounds) for epsilon in inputs.epsilons]
            for (x, y), factor in zip(pairs(networks), factors, strict=True)
        ]
        stable = [[-1 if one is None else int(one) for one in of_pair] for of_pair in decided]
        ends = [
            {"stable_from": (("interval",), one[:, 0]), "stable_to": (("interval",), one[:, 1])} for one in intervals
        ]
        return xr.Dataset(
            {
                "theta_lower": (("network",), [float(one.lower) for one in found]),
                "theta_upper": (("network",), [float(one.upper) for one in found]),
                "stable": (("pair", "epsilon"), np.array(stable, np.int8)),
                **along("pair", ends, interval=max(1, *map(len, intervals))),
            }
        )
