"""How many dimensions each network's layers fill."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import xarray as xr

from jaxrepsim import measures
from jaxrepsim.pipeline.part import Inputs, Part, Switch


@dataclass(frozen=True)
class Dimensionality(Switch, Part):
    """Participation ratio and effective rank of each layer of each network."""

    def compute(self, inputs: Inputs, layers: Sequence[str]) -> Iterator[xr.Dataset]:
        for layer in layers:
            found = [measures.dimensionality(network) for network in inputs.rows(layer)]
            names = measures.Dimensionality._fields
            yield xr.Dataset({n: (("network",), [float(getattr(one, n)) for one in found]) for n in names})
