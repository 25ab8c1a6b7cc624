"""How many dimensions each network's layers fill."""

from dataclasses import dataclass

import xarray as xr

from jaxrepsim import measures
from jaxrepsim.pipeline.part import Inputs, Part, Switch


@dataclass(frozen=True)
class Dimensionality(Switch, Part):
    """Participation ratio and effective rank of each layer of each network."""

    def of_layer(self, inputs: Inputs, layer: str) -> xr.Dataset:
        found = [measures.dimensionality(network) for network in inputs.rows(layer)]
        names = measures.Dimensionality._fields
        return xr.Dataset({n: (("network",), [float(getattr(one, n)) for one in found]) for n in names})
