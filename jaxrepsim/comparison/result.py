"""What `compare` gives: labelled results, and what a notebook wants of them."""

import json
import os
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from jaxrepsim import report
from jaxrepsim.errors import InputError, unknown
from jaxrepsim.measures import MEASURES
from jaxrepsim.pipeline.results_files import read_netcdf, write_netcdf
from jaxrepsim.report.between_networks import between_networks
from jaxrepsim.report.epsilons import headline_epsilon
from jaxrepsim.report.match_profiles import profile_auc
from jaxrepsim.report.results import Results, names, pair_similarity
from jaxrepsim.report.schema import check, documented
from jaxrepsim.report.sections import across_layers
from jaxrepsim.report.sections.similarity import depth, profiles
from jaxrepsim.report.style import Column
from jaxrepsim.report.svg import drawn, inline


class Comparison:
    """The comparison of networks, as `jaxrepsim.compare` gives it.

    Args:
        results: A tree of results, with a group for each subject; see `jaxrepsim.report.schema`.
    """

    def __init__(self, results: xr.DataTree) -> None:
        self._results: Results = check(results)

    @property
    def dataset(self) -> xr.DataTree:
        """All results, as xarray has them: a group for each subject, every variable with what it means and its unit."""
        return documented(self._results)

    @property
    def networks(self) -> list[str]:
        """Names of the networks."""
        return names(self._results, "network")

    @property
    def layers(self) -> list[str]:
        """Names of the layers that are compared, from input to output; where networks name them otherwise, the first
        network's names, or those that were given."""
        return names(self._results, "layer")

    @property
    def similarity(self) -> xr.DataArray:
        """(layer, pair, epsilon): the share of both networks' units that are in the maximum ε-approximate match."""
        return cast(xr.DataArray, self.dataset["similarity/similarity"]).mean("redraw", keep_attrs=True)

    @property
    def plot(self) -> "Plots":
        """Figures, ready for a paper: `plot.depth()`, `plot.layers()`, `plot.networks()`, `plot.profiles()`."""
        return Plots(self)

    def to_dataframe(self) -> pd.DataFrame:
        """One row for each number.

        Returns:
            Columns network_x, network_y, layer_x, layer_y (as each network names them), measure, epsilon (NaN for a
            measure without one), value. Values across layers are rows whose layers do not belong together. A measure
            that is not symmetric has a row for either order of the networks.
        """
        pairs, shape = self._pairs, self._shape
        match = xr.DataArray(pair_similarity(self._results), shape | {"epsilon": self._results["epsilon"].values})
        tables = [_long(match).assign(measure="match_similarity")]
        tables.append(_long(xr.DataArray(profile_auc(self._results), shape)).assign(measure="match_auc"))
        if "measures" in self._results.children:
            tables.append(_long(self._results["measures/value"].drop_vars("pair")))
        long = pd.concat(tables, ignore_index=True)
        own = self._own_names
        for side, at in (("x", 0), ("y", 1)):
            long[f"network_{side}"] = [pairs[pair][at] for pair in long["pair"]]
            long[f"layer_{side}"] = [
                own.get(network, {}).get(layer, layer)
                for network, layer in zip(long[f"network_{side}"], long["layer"], strict=True)
            ]
        swapped = self._swapped(long)
        if "across_layers" in self._results.children:
            group = self._results["across_layers"].to_dataset().drop_vars("pair")
            tables = [_long(group["similarity"]).assign(measure="match_similarity")]
            tables += [_long(group["value"])] if "value" in group else []
            across = pd.concat(tables, ignore_index=True)
            for side, at in (("x", 0), ("y", 1)):
                across[f"network_{side}"] = [pairs[pair][at] for pair in across["pair"]]
            long = pd.concat([long, across], ignore_index=True)
        columns = ["network_x", "network_y", "layer_x", "layer_y", "measure", "epsilon"]
        long = pd.concat([long, swapped], ignore_index=True).dropna(subset="value")
        # The first of equal rows is that on all rows of activations.
        found = long.drop_duplicates(columns)[[*columns, "value"]].reset_index(drop=True)
        assert isinstance(found, pd.DataFrame)  # for the type checker
        return found

    def distances(
        self, measure: str = "match_similarity", layer: str | None = None, epsilon: float | None = None
    ) -> xr.DataArray:
        """Between every two networks: a distance as it is, of a similarity its largest value less the similarity.

        Args:
            measure: One of the measures in `to_dataframe`; of one that is not symmetric the mean of both orders.
            layer: By default all of them.
            epsilon: Of measures that have one; by default the largest up to 0.5.

        Returns:
            (layer, network, other_network), or (network, other_network) of one layer: symmetric, 0 on the diagonal.

        Raises:
            InputError: There is no such measure, layer or ε.
        """
        known = ["match_similarity", "match_auc"]
        others = self._results["measures"].to_dataset() if "measures" in self._results.children else None
        known += others["measure"].values.tolist() if others is not None else []
        if measure not in known:
            raise unknown("measure", measure, known)
        values = pair_similarity(self._results)[..., self._epsilon(epsilon)]
        if measure == "match_auc":
            values = profile_auc(self._results)
        elif others is not None and measure != "match_similarity":
            both = others.sel(measure=measure)
            values = (both["value"].values + both["swapped"].values) / 2
        row, networks = MEASURES[measure], self.networks
        found = xr.DataArray(
            np.zeros((len(self.layers), len(networks), len(networks))),
            {"layer": self.layers, "network": networks, "other_network": networks},
            name=measure if row.kind == "distance" else f"{row.range[1]:g} − {measure}",
        )
        for pair, (first, second) in enumerate(self._pairs):
            i, j = networks.index(first), networks.index(second)
            found[:, i, j] = found[:, j, i] = (
                values[:, pair] if row.kind == "distance" else row.range[1] - values[:, pair]
            )
        if layer is None:
            return found
        if layer not in self.layers:
            raise unknown("layer", layer, self.layers)
        return found.sel(layer=layer)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes all results as one netCDF file, atomically; xarray, R and Julia read it.

        Args:
            path: By convention ends in `.nc`.
        """
        write_netcdf(self._results, Path(path))

    @staticmethod
    def load(path: str | os.PathLike[str]) -> "Comparison":
        """What `save` wrote; also the results of a run, `results/results.nc`.

        Raises:
            InputError: The file is missing, damaged, or of something else.
        """
        return Comparison(read_netcdf(Path(path)))

    def report(self, path: str | os.PathLike[str]) -> Path:
        """Writes the report page, one HTML file that needs nothing else.

        Returns:
            Its path.
        """
        report.build(self._results, path)
        return Path(path)

    def _repr_html_(self) -> str:
        rows = self.similarity.mean("pair").to_pandas()
        rows.columns = [f"ε = {value:g}" for value in rows.columns]
        over = "" if len(self._pairs) == 1 else f", the mean over {len(self._pairs)} pairs"
        table = rows.to_html(float_format="%.2f", border=0)
        figure = inline(drawn(depth.DRAWING.figure(self._results, "double")), "jaxrepsim-", {})
        return (
            f"<p>Similarity of {escape(', '.join(self.networks))}{over}: the share of units in the maximum "
            f'ε-approximate match.</p>{table}<div style="max-width: 700px; background: white">{figure}</div>'
        )

    def __repr__(self) -> str:
        groups = ", ".join(self._results.children)
        return f"Comparison({', '.join(self.networks)}: {len(self.layers)} layers; {groups})"

    @property
    def _pairs(self) -> list[tuple[str, str]]:
        networks = self.networks
        return [(first, second) for i, first in enumerate(networks) for second in networks[i + 1 :]]

    @property
    def _own_names(self) -> Mapping[str, Mapping[str, str]]:
        return json.loads(self._results.attrs.get("own_names", "{}"))

    @property
    def _shape(self) -> dict[str, Any]:
        return {"layer": self.layers, "pair": range(len(self._pairs))}

    def _swapped(self, long: pd.DataFrame) -> pd.DataFrame:
        """Rows of the exchanged networks, of measures that are not symmetric."""
        rows = long.loc[[not MEASURES[measure].symmetric for measure in long["measure"]]]
        if rows.empty:
            return rows
        swapped = _long(self._results["measures/swapped"].drop_vars("pair")).set_index(["layer", "pair", "measure"])
        keys = pd.MultiIndex.from_frame(rows[["layer", "pair", "measure"]])
        sides = {f"{what}_{a}": f"{what}_{b}" for what in ("network", "layer") for a, b in ("xy", "yx")}
        return rows.rename(columns=sides).assign(value=swapped.loc[keys, "value"].values)

    def _epsilon(self, epsilon: float | None) -> int:
        """The index of an ε."""
        values = self._results["epsilon"].values
        if epsilon is None:
            return headline_epsilon(self._results)
        if not (at := np.flatnonzero(np.isclose(values, epsilon))).size:
            raise InputError(f"ε = {epsilon:g} was not asked for; there are {', '.join(f'{e:g}' for e in values)}")
        return int(at[0])


class Plots:
    """The figures of a comparison. Each is a `matplotlib.figure.Figure`, 7 inches wide, or 3.4 for one column.

    Args:
        comparison: Whose.
    """

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison
        self._results = comparison._results

    def depth(self, column: Column = "double") -> Figure:
        """Similarity against depth, one curve an ε."""
        return depth.DRAWING.figure(self._results, column)

    def profiles(self, column: Column = "double") -> Figure:
        """Similarity against ε, one panel a layer."""
        return profiles.PANELS.figure(self._results, column)

    def layers(self, measure: str = "match_similarity", column: Column = "double") -> Figure:
        """Heat map of every layer of one network against every layer of the other.

        Args:
            measure: The match, or one of the measures that were computed.
            column: The width.

        Raises:
            InputError: The comparison was made without `across_layers=True`, or without the measure.
        """
        if "across_layers" not in self._results.children:
            raise InputError("layers were not compared across: compare(..., across_layers=True) does that")
        if measure == "match_similarity":
            return across_layers.DRAWING.figure(self._results, column)
        if measure not in (known := self._results["across_layers/measure"].values.tolist()):
            raise unknown("measure", measure, ["match_similarity", *known])
        return across_layers.draw_measure(self._results, measure, column)

    def networks(
        self,
        layer: str | None = None,
        measure: str = "match_similarity",
        epsilon: float | None = None,
        column: Column = "double",
    ) -> Figure:
        """Distances between all networks: a matrix ordered by a dendrogram, and a map on which they are distances.

        Args:
            layer: By default the mean over all layers.
            measure: As for `Comparison.distances`.
            epsilon: As for `Comparison.distances`.
            column: The width.

        Raises:
            InputError: There are fewer than three networks.
        """
        found = self._comparison.distances(measure, layer, epsilon)
        if len(self._comparison.networks) < 3:
            raise InputError("a matrix of networks needs three or more")
        where = "mean over layers" if layer is None else layer
        values = found.values if layer is not None else found.mean("layer").values
        return between_networks(values, self._comparison.networks, f"{found.name}, {where}", column)


def _long(values: xr.DataArray) -> pd.DataFrame:
    table = values.rename("value").to_dataframe().reset_index()
    return table if "epsilon" in table else table.assign(epsilon=np.nan)
