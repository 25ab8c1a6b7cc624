"""Tables: the long one of the CSV file, and those of the page."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from xarray import DataTree

from jaxrepsim.errors import InputError
from jaxrepsim.report import write_tables
from jaxrepsim.report.sections.minimal_matches import minimal_rows
from jaxrepsim.report.sections.networks import network_rows
from jaxrepsim.report.sections.similarity import layer_rows, similarity_table


def test_similarity_table_has_a_row_for_each_layer_epsilon_and_pair(results: DataTree) -> None:
    table = similarity_table(results)
    assert len(table) == 10 * 5 * 3
    assert table["layer"].iloc[[0, 15, -1]].tolist() == ["conv1", "conv2", "logits"]
    row = table[(table["layer"] == "conv2") & (table["epsilon"] == 0.25) & (table["pair"] == "0-2")].iloc[0]
    values = results["similarity/similarity"].sel(layer="conv2", epsilon=0.25, pair="0-2").values
    assert row["similarity_mean"] == pytest.approx(values.mean())
    assert row["similarity_std"] == pytest.approx(values.std(ddof=1))
    assert row["redraws"] == 4
    assert (
        row["matched_x"] == results["similarity/matched_x"].sel(layer="conv2", epsilon=0.25, pair="0-2").values.mean()
    )
    assert (row["units_x"], row["units_y"]) == (17, 17)


def test_one_redraw_has_no_deviation(make: Callable[..., DataTree]) -> None:
    table = similarity_table(make(redraws=1))
    assert np.isnan(table["similarity_std"].to_numpy()).all()
    assert set(table["redraws"]) == {1}


def test_redraws_that_were_not_made_do_not_count(results: DataTree) -> None:
    padded = results.copy(deep=True)
    padded["similarity/similarity"][{"redraw": [2, 3]}] = np.nan
    pd.testing.assert_frame_equal(similarity_table(padded), similarity_table(results.isel(redraw=[0, 1])))


def test_csv_reads_back(any_results: DataTree, tmp_path: Path) -> None:
    write_tables(any_results, tmp_path / "deep")
    back = pd.read_csv(tmp_path / "deep" / "similarity.csv", keep_default_na=False, na_values={"similarity_std": ""})
    table = similarity_table(any_results)
    assert back["layer"].astype(str).tolist() == table["layer"].tolist()
    assert back.columns.tolist() == table.columns.tolist()
    np.testing.assert_allclose(back["similarity_mean"], table["similarity_mean"], atol=1e-5)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["similarity.csv"]


def test_csv_of_something_else(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="lack"):
        write_tables(DataTree(), tmp_path)
    assert not list(tmp_path.iterdir())


def test_layer_rows(results: DataTree) -> None:
    row = layer_rows(results)[1]
    assert (row.number, row.layer, row.units, row.dead, row.samples) == (2, "conv2", 17, [2, 0, 0], 540)
    assert row.samples_per_unit == pytest.approx(540 / 17)
    assert not row.undersampled
    values = results["similarity/similarity"][1, :, 3].mean("redraw").values
    assert row.similarity[3] == pytest.approx((values.mean(), values.min(), values.max()))
    results["similarity/samples"][1] = 169
    assert layer_rows(results)[1].undersampled


def test_network_rows(results: DataTree) -> None:
    results["networks/train_loss"][1, 30:] = np.nan
    results["networks/validation_accuracy"][1, 30:] = np.nan
    row = network_rows(results)[1]
    assert row.epochs == 30
    assert row.train_loss == results["networks/train_loss"][1, 29]
    assert row.accuracy == results["networks/accuracy"][1]


def test_network_rows_without_a_record(make: Callable[..., DataTree]) -> None:
    row = network_rows(make(epochs=None, accuracy=False))[0]
    assert row == ("0", None, None, None, None)


def test_minimal_rows(results: DataTree) -> None:
    rows = minimal_rows(results)
    assert [row.epsilon for row in rows] == ["0.15", "0.2", "0.25", "0.3", "0.5"]
    assert {row.sampled for row in rows} == {10 * 3 * 12}
    sizes = (results["minimal_matches/size_x"] + results["minimal_matches/size_y"]).values[:, :, 4]
    assert rows[4].none == (sizes == 0).sum()
    assert rows[4].smallest == sizes[sizes > 0].min()
    single = (results["minimal_matches/size_x"] == 1) & (results["minimal_matches/size_y"] == 1)
    assert [row.single for row in rows] == single.sum(("layer", "pair", "sample")).values.tolist()


def test_minimal_rows_where_nothing_matches(make: Callable[..., DataTree]) -> None:
    assert minimal_rows(make(epsilons=(0.001,)))[0] == ("0.001", 360, 360, None, None, None)
    assert minimal_rows(make(epsilons=(0.5,), samples=0))[0] == ("0.5", 0, 0, None, None, None)
