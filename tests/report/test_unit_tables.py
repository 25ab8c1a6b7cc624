"""Tables of aligned units, against a second way to count."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from xarray import Dataset

from jaxrepsim.report import build, write_tables
from jaxrepsim.report.aligned import networks_of_pairs
from jaxrepsim.report.schema import GROUPS
from jaxrepsim.report.unit_tables import one_to_one_rows, together_rows
from tests.report.groups import add_alignments, not_computed


@pytest.fixture
def aligned(make: Callable[..., Dataset]) -> Dataset:
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


def test_one_to_one_rows(aligned: Dataset) -> None:
    rows = one_to_one_rows(aligned)
    assert [row.layer for row in rows] == ["a", "b", "c"]
    assert rows[1].constant == [2, 0, 0]
    assert rows[1].samples == 400
    for layer, row in enumerate(rows):
        count = int(aligned["units"][layer])
        best, partner, same, information = [], [], [], []
        for pair in range(3):
            matrix = aligned["correlation"].values[layer, pair, :count, :count]
            index = [aligned[name].values[layer, pair, :count] for name in ("partner", "best_x", "information_partner")]
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


def test_layers_and_groups_that_are_not_there(aligned: Dataset) -> None:
    for name in ("partner", "best_x", "best_y"):
        aligned[name][1] = -1
    assert [row.layer for row in one_to_one_rows(aligned)] == ["a", "c"]
    information = ["mutual_information", "information_partner", "information_best_x", "information_best_y"]
    row = one_to_one_rows(aligned.drop_vars(information))[0]
    assert np.isnan(row.information.mean)
    assert not np.isnan(row.share.mean)
    assert one_to_one_rows(not_computed(aligned)) == []
    assert together_rows(not_computed(aligned)) == []


def test_a_unit_without_a_partner_does_not_count(aligned: Dataset) -> None:
    before = one_to_one_rows(aligned)[0]
    matrix, partner = aligned["correlation"].values[0, 0], aligned["partner"].values[0, 0].copy()
    lost = matrix[3, partner[3]]
    aligned["partner"][0, 0, 3] = -1
    row = one_to_one_rows(aligned)[0]
    assert row.same[1] == before.same[1] - 1
    assert row.best == before.best
    first = np.mean([matrix[unit, partner[unit]] for unit in range(6)])
    assert row.partner.mean == pytest.approx(before.partner.mean + ((6 * first - lost) / 5 - first) / 3)


def test_together_rows(aligned: Dataset) -> None:
    rows = together_rows(aligned)
    ones = one_to_one_rows(aligned)
    best = set()
    for layer, row in enumerate(rows):
        count = int(aligned["units"][layer])
        similarity = aligned["similarity"].values[layer, :, 1].mean(-1)
        assert row.similarity == pytest.approx((similarity.mean(), similarity.min(), similarity.max()))
        assert (row.partner, row.share) == (ones[layer].partner, ones[layer].share)
        units = np.concatenate([aligned[f"held_out_r2_{side}"].values[layer, ..., :count] for side in "xy"], -1)
        highest = int(units.mean((0, 2)).argmax())
        assert float(row.penalty) == aligned["penalty"].values[highest]
        best.add(row.penalty)
        means = units[:, highest].mean(-1)
        assert row.held_out == pytest.approx((means.mean(), means.min(), means.max()))
        predictors = [aligned[f"predictors_{side}"].values[layer, :, highest, 0, :count] for side in "xy"]
        assert row.predictors.mean == pytest.approx(np.mean(predictors))
        shares = []
        for pair in range(3):
            x, y = (set(aligned[f"cluster_{side}"].values[layer, pair, :count]) - {-1} for side in "xy")
            shares.append(len(x & y) / len(x | y))
        assert row.mixed == pytest.approx((np.mean(shares), min(shares), max(shares)))
    assert "1e" not in "".join(best)


def test_together_with_one_group_alone(aligned: Dataset) -> None:
    alone = aligned.drop_vars(list(GROUPS["sparse"]))
    row = together_rows(alone)[0]
    assert np.isnan(row.held_out.mean)
    assert np.isnan(row.predictors.mean)
    assert row.penalty == ""
    assert row.partner.mean > 0
    assert row.mixed.mean > 0


@pytest.mark.usefixtures("without_drawings")
def test_a_range_of_negative_values_is_no_row_of_dashes(aligned: Dataset, tmp_path: Path) -> None:
    for side in "xy":
        aligned[f"held_out_r2_{side}"][0, 0, :, : int(aligned["units"][0])] = -0.3
        aligned[f"held_out_r2_{side}"][0, 1:, :, : int(aligned["units"][0])] = -0.1
    others = [name for group, variables in GROUPS.items() if group != "sparse" for name in variables]
    only = aligned.drop_vars(others, errors="ignore")
    build(only.isel(layer=[0]), tmp_path / "page.html")
    assert "-0.30 to -0.10" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_pairs_are_all_pairs_in_order(aligned: Dataset) -> None:
    names = aligned["network"].values
    assert [f"{names[a]}-{names[b]}" for a, b in networks_of_pairs(aligned)] == aligned["pair"].values.tolist()


def test_tables_of_units(aligned: Dataset, tmp_path: Path) -> None:
    tables = read(write_tables(aligned, tmp_path))
    assert list(tables) == ["units", "one_to_one", "sparse_prediction", "clusters"]
    counts = aligned["units"].values
    assert len(tables["units"]) == 3 * counts.sum()
    (row,) = where(tables["units"], layer="c", network="1", unit=7)
    assert row["mean"] == pytest.approx(float(aligned["unit_mean"][2, 1, 7]), rel=1e-5)
    assert row["std"] == pytest.approx(float(aligned["unit_std"][2, 1, 7]), rel=1e-5)
    assert len(where(tables["units"], std=0)) == 2

    assert len(tables["one_to_one"]) == 3 * counts.sum()
    for layer, pair, unit in ((0, 0, 0), (1, 1, 5), (2, 2, 11)):
        (row,) = where(tables["one_to_one"], layer="abc"[layer], pair=("0-1", "0-2", "1-2")[pair], unit=unit)
        matrices = [aligned[name].values[layer, pair, unit] for name in ("correlation", "mutual_information")]
        partner, best = (int(aligned[name][layer, pair, unit]) for name in ("partner", "best_x"))
        assert (row["partner"], row["best"], row["same"]) == (partner, best, partner == best)
        assert row["correlation"] == pytest.approx(matrices[0][partner], rel=1e-5)
        assert row["best_correlation"] == pytest.approx(np.nanmax(matrices[0]), rel=1e-5)
        assert row["partner_nats"] == pytest.approx(matrices[1][partner], rel=1e-5)
        assert row["information_partner"] == int(aligned["information_partner"][layer, pair, unit])
        assert row["information_best_nats"] == pytest.approx(np.nanmax(matrices[1]), rel=1e-5)
    still = [where(tables["one_to_one"], layer="b", pair="0-1", unit=unit)[0] for unit in (0, 1)]
    assert [(row["same"], row["correlation"]) for row in still] == [(None, 0), (None, 0)]


def test_units_without_a_partner_are_written_empty(aligned: Dataset, tmp_path: Path) -> None:
    aligned["partner"][0, 0, 3] = -1
    (row,) = where(read(write_tables(aligned, tmp_path))["one_to_one"], layer="a", pair="0-1", unit=3)
    assert [row[name] for name in ("partner", "correlation", "same", "partner_nats")] == [None] * 4
    assert row["best"] == int(aligned["best_x"][0, 0, 3])


def test_tables_of_predictions_and_clusters(aligned: Dataset, tmp_path: Path) -> None:
    tables = read(write_tables(aligned, tmp_path))
    penalties = aligned["penalty"].values
    assert len(tables["sparse_prediction"]) == 3 * 3 * 2 * len(penalties)
    rows = where(tables["sparse_prediction"], layer="b", pair="1-2", predicted="y")
    assert [row["penalty"] for row in rows] == penalties.tolist()
    count = int(aligned["units"][1])
    for name in ("fitted_r2", "held_out_r2"):
        expected = aligned[f"{name}_y"].values[1, 2, :, :count].mean(-1)
        np.testing.assert_allclose([row[name] for row in rows], expected, rtol=1e-4, atol=1e-6)
    for threshold, value in enumerate(aligned["threshold"].values):
        expected = aligned["predictors_y"].values[1, 2, :, threshold, :count].mean(-1)
        np.testing.assert_allclose([row[f"predictors_beyond_{value:g}"] for row in rows], expected, rtol=1e-4)

    assert len(tables["clusters"]) == 2 * 3 * aligned["units"].values.sum()
    part = where(tables["clusters"], layer="c", pair="0-2", side="y")
    assert [row["unit"] for row in part] == list(range(12))
    for name in ("cluster", "tree", "leaf"):
        assert [row[name] for row in part] == aligned[f"{name}_y"].values[2, 1, :12].tolist()


def test_tables_of_what_was_not_computed(aligned: Dataset, tmp_path: Path) -> None:
    for path in write_tables(not_computed(aligned), tmp_path):
        assert len(path.read_text(encoding="utf-8").splitlines()) == 1
