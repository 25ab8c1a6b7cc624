"""Tables of aligned units, against a second way to count."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from xarray import DataTree

from jaxrepsim.report import build, write_tables
from jaxrepsim.report.sections.both_papers import SECTION, both_papers_rows
from jaxrepsim.report.sections.one_to_one import one_to_one_rows
from jaxrepsim.report.sections.one_to_one.aligned import networks_of_pairs
from tests.report.groups import add_alignments
from tests.report.trees import with_padding

ALIGNMENTS = ("one_to_one", "mutual_information", "sparse_prediction", "clusters", "exciting_images")


@pytest.fixture
def aligned(make: Callable[..., DataTree]) -> DataTree:
    """Three layers of up to 12 units, three networks, two units that never vary."""
    shape = make(layers=("a", "b", "c"), epsilons=(0.2, 0.5), units=12, samples=0)
    return add_alignments(shape, np.random.default_rng(2))


def read(paths: list[Path]) -> dict[str, list[dict[str, Any]]]:
    """The rows of the tables that were written; None where a cell is empty."""
    tables = {path.stem: pd.read_csv(path, dtype={"network": str}).astype(object) for path in paths}
    return {name: table.where(table.notna(), None).to_dict("records") for name, table in tables.items()}


def where(rows: list[dict[str, Any]], **at: Any) -> list[dict[str, Any]]:
    """The rows with these values."""
    return [row for row in rows if all(row[name] == value for name, value in at.items())]


def test_one_to_one_rows(aligned: DataTree) -> None:
    rows = one_to_one_rows(aligned)
    assert [row.layer for row in rows] == ["a", "b", "c"]
    assert rows[1].constant == [2, 0, 0]
    assert rows[1].samples == 400
    for layer, row in enumerate(rows):
        count = int(aligned["similarity/units"][layer])
        best, partner, same, information = [], [], [], []
        for pair in range(3):
            matrix = aligned["one_to_one/correlation"].values[layer, pair, :count, :count]
            index = [
                aligned[name].values[layer, pair, :count]
                for name in ("one_to_one/partner", "one_to_one/best_x", "mutual_information/partner")
            ]
            units = [unit for unit in range(count) if matrix[unit].any()]
            best.append(np.mean(matrix.max(1)))
            partner.append(np.mean([matrix[unit, index[0][unit]] for unit in range(count)]))
            same.append([index[0][unit] == index[1][unit] for unit in units])
            information.append(np.mean([index[0][unit] == index[2][unit] for unit in units]))
        assert row.best == pytest.approx((np.mean(best), min(best), max(best)))
        assert row.partner == pytest.approx((np.mean(partner), min(partner), max(partner)))
        assert row.same == (sum(map(sum, same)), sum(map(len, same)))
        shares = [np.mean(pair) for pair in same]
        assert row.share == pytest.approx((np.mean(shares), min(shares), max(shares)))
        assert row.information == pytest.approx((np.mean(information), min(information), max(information)))
        assert row.partner.mean <= row.best.mean
    assert rows[1].same[1] == 2 * (9 - 2) + 9


def test_layers_and_groups_that_are_not_there(aligned: DataTree) -> None:
    for name in ("partner", "best_x", "best_y"):
        aligned[f"one_to_one/{name}"][1] = -1
    assert [row.layer for row in one_to_one_rows(aligned)] == ["a", "c"]
    row = one_to_one_rows(aligned.drop_nodes("mutual_information"))[0]
    assert np.isnan(row.information.mean)
    assert not np.isnan(row.share.mean)
    padding = with_padding(aligned, ALIGNMENTS)
    assert one_to_one_rows(padding) == []
    assert both_papers_rows(padding) == []
    assert SECTION.is_in(padding)
    assert not SECTION.is_in(aligned.drop_nodes(["one_to_one", "sparse_prediction", "clusters"]))


def test_a_unit_without_a_partner_does_not_count(aligned: DataTree) -> None:
    before = one_to_one_rows(aligned)[0]
    matrix, partner = aligned["one_to_one/correlation"].values[0, 0], aligned["one_to_one/partner"].values[0, 0].copy()
    lost = matrix[3, partner[3]]
    aligned["one_to_one/partner"][0, 0, 3] = -1
    row = one_to_one_rows(aligned)[0]
    assert row.same[1] == before.same[1] - 1
    assert row.best == before.best
    first = np.mean([matrix[unit, partner[unit]] for unit in range(6)])
    assert row.partner.mean == pytest.approx(before.partner.mean + ((6 * first - lost) / 5 - first) / 3)


def test_both_papers_rows(aligned: DataTree) -> None:
    rows = both_papers_rows(aligned)
    ones = one_to_one_rows(aligned)
    best = set()
    for layer, row in enumerate(rows):
        count = int(aligned["similarity/units"][layer])
        similarity = aligned["similarity/similarity"].values[layer, :, 1].mean(-1)
        assert row.similarity == pytest.approx((similarity.mean(), similarity.min(), similarity.max()))
        assert (row.partner, row.share) == (ones[layer].partner, ones[layer].share)
        units = np.concatenate(
            [aligned[f"sparse_prediction/held_out_r2_{side}"].values[layer, ..., :count] for side in "xy"], -1
        )
        highest = int(units.mean((0, 2)).argmax())
        assert float(row.penalty) == aligned["sparse_prediction/penalty"].values[highest]
        best.add(row.penalty)
        means = units[:, highest].mean(-1)
        assert row.held_out == pytest.approx((means.mean(), means.min(), means.max()))
        predictors = [
            aligned[f"sparse_prediction/predictors_{side}"].values[layer, :, highest, 0, :count] for side in "xy"
        ]
        assert row.predictors.mean == pytest.approx(np.mean(predictors))
        shares = []
        for pair in range(3):
            x, y = (set(aligned[f"clusters/cluster_{side}"].values[layer, pair, :count]) - {-1} for side in "xy")
            shares.append(len(x & y) / len(x | y))
        assert row.mixed == pytest.approx((np.mean(shares), min(shares), max(shares)))
    assert "1e" not in "".join(best)


def test_both_papers_without_sparse_prediction(aligned: DataTree) -> None:
    row = both_papers_rows(aligned.drop_nodes("sparse_prediction"))[0]
    assert np.isnan(row.held_out.mean)
    assert np.isnan(row.predictors.mean)
    assert row.penalty == ""
    assert row.partner.mean > 0
    assert row.mixed.mean > 0


@pytest.mark.usefixtures("without_drawings")
def test_a_range_of_negative_values_is_no_row_of_dashes(aligned: DataTree, tmp_path: Path) -> None:
    for side in "xy":
        aligned[f"sparse_prediction/held_out_r2_{side}"][0, 0, :, : int(aligned["similarity/units"][0])] = -0.3
        aligned[f"sparse_prediction/held_out_r2_{side}"][0, 1:, :, : int(aligned["similarity/units"][0])] = -0.1
    only = aligned.drop_nodes([name for name in ALIGNMENTS if name != "sparse_prediction"])
    build(only.isel(layer=[0], missing_dims="ignore"), tmp_path / "page.html")
    assert "-0.30 to -0.10" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_pairs_are_all_pairs_in_order(aligned: DataTree) -> None:
    names = aligned["network"].values
    assert [f"{names[a]}-{names[b]}" for a, b in networks_of_pairs(aligned)] == aligned["pair"].values.tolist()


def test_tables_of_units(aligned: DataTree, tmp_path: Path) -> None:
    tables = read(write_tables(aligned, tmp_path))
    assert list(tables)[-4:] == ["units", "one_to_one", "sparse_prediction", "clusters"]
    counts = aligned["similarity/units"].values
    assert len(tables["units"]) == 3 * counts.sum()
    (row,) = where(tables["units"], layer="c", network="1", unit=7)
    assert row["mean"] == pytest.approx(float(aligned["one_to_one/unit_mean"][2, 1, 7]), rel=1e-5)
    assert row["std"] == pytest.approx(float(aligned["one_to_one/unit_std"][2, 1, 7]), rel=1e-5)
    assert len(where(tables["units"], std=0)) == 2

    assert len(tables["one_to_one"]) == 3 * counts.sum()
    for layer, pair, unit in ((0, 0, 0), (1, 1, 5), (2, 2, 11)):
        (row,) = where(tables["one_to_one"], layer="abc"[layer], pair=("0-1", "0-2", "1-2")[pair], unit=unit)
        names = ("one_to_one/correlation", "mutual_information/mutual_information")
        matrices = [aligned[name].values[layer, pair, unit] for name in names]
        partner, best = (int(aligned[f"one_to_one/{name}"][layer, pair, unit]) for name in ("partner", "best_x"))
        assert (row["partner"], row["best"], row["same"]) == (partner, best, partner == best)
        assert row["correlation"] == pytest.approx(matrices[0][partner], rel=1e-5)
        assert row["best_correlation"] == pytest.approx(np.nanmax(matrices[0]), rel=1e-5)
        assert row["partner_nats"] == pytest.approx(matrices[1][partner], rel=1e-5)
        assert row["information_partner"] == int(aligned["mutual_information/partner"][layer, pair, unit])
        assert row["information_best_nats"] == pytest.approx(np.nanmax(matrices[1]), rel=1e-5)
    still = [where(tables["one_to_one"], layer="b", pair="0-1", unit=unit)[0] for unit in (0, 1)]
    assert [(row["same"], row["correlation"]) for row in still] == [(None, 0), (None, 0)]


def test_units_without_a_partner_are_written_empty(aligned: DataTree, tmp_path: Path) -> None:
    aligned["one_to_one/partner"][0, 0, 3] = -1
    (row,) = where(read(write_tables(aligned, tmp_path))["one_to_one"], layer="a", pair="0-1", unit=3)
    assert [row[name] for name in ("partner", "correlation", "same", "partner_nats")] == [None] * 4
    assert row["best"] == int(aligned["one_to_one/best_x"][0, 0, 3])


def test_tables_of_predictions_and_clusters(aligned: DataTree, tmp_path: Path) -> None:
    tables = read(write_tables(aligned, tmp_path))
    penalties = aligned["sparse_prediction/penalty"].values
    assert len(tables["sparse_prediction"]) == 3 * 3 * 2 * len(penalties)
    rows = where(tables["sparse_prediction"], layer="b", pair="1-2", predicted="y")
    assert [row["penalty"] for row in rows] == penalties.tolist()
    count = int(aligned["similarity/units"][1])
    for name in ("fitted_r2", "held_out_r2"):
        expected = aligned[f"sparse_prediction/{name}_y"].values[1, 2, :, :count].mean(-1)
        np.testing.assert_allclose([row[name] for row in rows], expected, rtol=1e-4, atol=1e-6)
    for threshold, value in enumerate(aligned["sparse_prediction/threshold"].values):
        expected = aligned["sparse_prediction/predictors_y"].values[1, 2, :, threshold, :count].mean(-1)
        np.testing.assert_allclose([row[f"predictors_beyond_{value:g}"] for row in rows], expected, rtol=1e-4)

    assert len(tables["clusters"]) == 2 * 3 * aligned["similarity/units"].values.sum()
    part = where(tables["clusters"], layer="c", pair="0-2", side="y")
    assert [row["unit"] for row in part] == list(range(12))
    for name in ("cluster", "tree", "leaf"):
        assert [row[name] for row in part] == aligned[f"clusters/{name}_y"].values[2, 1, :12].tolist()


def test_tables_of_what_was_not_computed(aligned: DataTree, tmp_path: Path) -> None:
    paths = write_tables(with_padding(aligned, ALIGNMENTS), tmp_path)[-4:]
    assert [len(path.read_text(encoding="utf-8").splitlines()) for path in paths] == [1] * 4
