"""Tables of results: one long table for other programs, and short ones for a reader."""

import os
from typing import NamedTuple

import numpy as np
from pandas import DataFrame
from xarray import Dataset

from jaxrepsim.files import write_text
from jaxrepsim.report.schema import check
from jaxrepsim.report.summaries import minimal_sizes, names, over_pairs, pair_similarity, profile_auc, unit_counts

FEW_SAMPLES = 10
"""Below this many samples a unit, random spans match by chance."""


class Cell(NamedTuple):
    """A value over pairs of networks."""

    mean: float
    low: float
    high: float


class LayerRow(NamedTuple):
    """One layer, over all pairs."""

    number: int
    name: str
    units: int
    dead: list[int]
    """Of each network."""
    samples: int
    samples_per_unit: float
    auc: Cell
    """Mean similarity over ε from 0 to 0.5."""
    similarity: list[Cell]
    """At each ε of the run."""

    @property
    def undersampled(self) -> bool:
        """Whether there are so few samples that units match by chance."""
        return self.samples_per_unit < FEW_SAMPLES


class NetworkRow(NamedTuple):
    """One network; None where the results hold no record."""

    name: str
    accuracy: float | None
    train_loss: float | None
    """Of the last epoch recorded."""
    validation_accuracy: float | None
    """Of the last epoch recorded."""
    epochs: int | None


class MinimalRow(NamedTuple):
    """Sampled v-minimal matches at one ε, over all layers and pairs. The last three are None where there are none."""

    epsilon: float
    sampled: int
    none: int
    """Sampled units that are in no match."""
    smallest: int | None
    """Units of the smallest one, both sides together."""
    median: float | None
    """Median share of a layer's joint units."""
    single: int | None
    """How many are one unit on each side."""


def similarity_table(results: Dataset) -> DataFrame:
    """The similarity of every layer, ε and pair as a long table.

    Args:
        results: The Dataset.

    Returns:
        One row a layer, ε and pair, with mean and standard deviation (n − 1; empty for one redraw) of the similarity
        over redraws, their number, the mean sizes of both sides of the maximum match, and the units of both sides.

    Raises:
        InputError: The Dataset is not one of match results.
    """
    check(results)
    similarity = results["similarity"]
    made = similarity.notnull()
    redraws = made.sum("redraw")
    mean = similarity.mean("redraw", skipna=True)
    squares = ((similarity - mean) ** 2).sum("redraw", skipna=True)
    x, y = unit_counts(results)
    table = Dataset(
        {
            "similarity_mean": mean,
            "similarity_std": np.sqrt(squares / (redraws - 1).where(redraws > 1)),
            "redraws": redraws,
            "matched_x": results["matched_x"].where(made).mean("redraw"),
            "matched_y": results["matched_y"].where(made).mean("redraw"),
            "units_x": (("layer", "pair"), x),
            "units_y": (("layer", "pair"), y),
        }
    )
    return table.to_dataframe(dim_order=["layer", "epsilon", "pair"]).reset_index()


def write_csv(results: Dataset, path: str | os.PathLike[str]) -> None:
    """Writes `similarity_table` as comma-separated values, atomically.

    Args:
        results: The Dataset.
        path: The file.

    Raises:
        InputError: The Dataset is not one of match results.
    """
    write_text(path, similarity_table(results).to_csv(index=False, float_format="%.6g", lineterminator="\n"))


def layer_rows(results: Dataset) -> list[LayerRow]:
    """The table of layers.

    Args:
        results: The Dataset.

    Returns:
        One row a layer, from input to output.
    """
    auc = over_pairs(profile_auc(results))
    similarity = over_pairs(pair_similarity(results))
    rows = []
    for index, name in enumerate(names(results, "layer")):
        cells = zip(*(values[index] for values in similarity), strict=True)
        units, samples = int(results["units"][index]), int(results["samples"][index])
        rows.append(
            LayerRow(
                number=index + 1,
                name=name,
                units=units,
                dead=results["dead"][index].values.tolist(),
                samples=samples,
                samples_per_unit=samples / max(units, 1),
                auc=Cell(*(float(values[index]) for values in auc)),
                similarity=[Cell(*map(float, cell)) for cell in cells],
            )
        )
    return rows


def network_rows(results: Dataset) -> list[NetworkRow]:
    """The table of networks.

    Args:
        results: The Dataset.

    Returns:
        One row a network.
    """
    rows = []
    for index, name in enumerate(names(results, "network")):
        loss, validation = (_history(results, variable, index) for variable in ("train_loss", "validation_accuracy"))
        epochs = max(loss, validation, key=len)
        accuracy = float(results["accuracy"][index]) if "accuracy" in results else None
        rows.append(
            NetworkRow(
                name=name,
                accuracy=accuracy,
                train_loss=loss[-1] if loss else None,
                validation_accuracy=validation[-1] if validation else None,
                epochs=len(epochs) or None,
            )
        )
    return rows


def minimal_rows(results: Dataset) -> list[MinimalRow]:
    """The table of sampled v-minimal matches.

    Args:
        results: The Dataset.

    Returns:
        One row an ε.
    """
    rows = []
    single = (results["minimal_size_x"] == 1) & (results["minimal_size_y"] == 1)
    for index, cells in enumerate(minimal_sizes(results)):
        shares = np.concatenate([cell.shares for cell in cells])
        sizes = np.concatenate([cell.sizes for cell in cells])
        found = len(sizes) > 0
        rows.append(
            MinimalRow(
                epsilon=float(results["epsilon"][index]),
                sampled=sum(cell.sampled for cell in cells),
                none=sum(cell.none for cell in cells),
                smallest=int(sizes.min()) if found else None,
                median=float(np.median(shares)) if found else None,
                single=int(single[:, :, index].sum()) if found else None,
            )
        )
    return rows


def _history(results: Dataset, name: str, network: int) -> list[float]:
    if name not in results:
        return []
    values = results[name].values[network]
    return values[np.isfinite(values)].tolist()
