"""Tables: the long one of the CSV file, and those of the page."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from xarray import Dataset

from jaxrepsim.errors import InputError
from jaxrepsim.report import similarity_table, write_csv
from jaxrepsim.report.tables import layer_rows, minimal_rows, network_rows


def test_similarity_table_has_a_row_for_each_layer_epsilon_and_pair(results: Dataset) -> None:
    table = similarity_table(results)
    assert len(table) == 10 * 5 * 3
    assert table["layer"].iloc[[0, 15, -1]].tolist() == ["conv1", "conv2", "logits"]
    row = table[(table["layer"] == "conv2") & (table["epsilon"] == 0.25) & (table["pair"] == "0-2")].iloc[0]
    values = results["similarity"].sel(layer="conv2", epsilon=0.25, pair="0-2").values
    assert row["similarity_mean"] == pytest.approx(values.mean())
    assert row["similarity_std"] == pytest.approx(values.std(ddof=1))
    assert row["redraws"] == 4
    assert row["matched_x"] == results["matched_x"].sel(layer="conv2", epsilon=0.25, pair="0-2").values.mean()
    assert (row["units_x"], row["units_y"]) == (17, 17)


def test_one_redraw_has_no_deviation(make: Callable[..., Dataset]) -> None:
    table = similarity_table(make(redraws=1))
    assert np.isnan(table["similarity_std"].to_numpy()).all()
    assert set(table["redraws"]) == {1}


def test_redraws_that_were_not_made_do_not_count(results: Dataset) -> None:
    padded = results.copy(deep=True)
    padded["similarity"][{"redraw": [2, 3]}] = np.nan
    pd.testing.assert_frame_equal(similarity_table(padded), similarity_table(results.isel(redraw=[0, 1])))


def test_csv_reads_back(any_results: Dataset, tmp_path: Path) -> None:
    write_csv(any_results, tmp_path / "deep" / "similarity.csv")
    back = pd.read_csv(tmp_path / "deep" / "similarity.csv", keep_default_na=False, na_values={"similarity_std": ""})
    table = similarity_table(any_results)
    assert back["layer"].astype(str).tolist() == table["layer"].tolist()
    assert back.columns.tolist() == table.columns.tolist()
    np.testing.assert_allclose(back["similarity_mean"], table["similarity_mean"], atol=1e-5)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["similarity.csv"]


def test_csv_of_something_else(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="lack"):
        write_csv(Dataset(), tmp_path / "x.csv")
    assert not list(tmp_path.iterdir())


def test_layer_rows(results: Dataset) -> None:
    row = layer_rows(results)[1]
    assert (row.number, row.name, row.units, row.dead, row.samples) == (2, "conv2", 17, [2, 0, 0], 540)
    assert row.samples_per_unit == pytest.approx(540 / 17)
    assert not row.undersampled
    values = results["similarity"][1, :, 3].mean("redraw").values
    assert row.similarity[3] == pytest.approx((values.mean(), values.min(), values.max()))
    results["samples"][1] = 169
    assert layer_rows(results)[1].undersampled


def test_network_rows(results: Dataset) -> None:
    results["train_loss"][1, 30:] = np.nan
    results["validation_accuracy"][1, 30:] = np.nan
    row = network_rows(results)[1]
    assert row.epochs == 30
    assert row.train_loss == results["train_loss"][1, 29]
    assert row.accuracy == results["accuracy"][1]


def test_network_rows_without_a_record(make: Callable[..., Dataset]) -> None:
    row = network_rows(make(epochs=None, accuracy=False))[0]
    assert row == ("0", None, None, None, None)


def test_minimal_rows(results: Dataset) -> None:
    rows = minimal_rows(results)
    assert [row.epsilon for row in rows] == [0.15, 0.2, 0.25, 0.3, 0.5]
    assert {row.sampled for row in rows} == {10 * 3 * 12}
    sizes = (results["minimal_size_x"] + results["minimal_size_y"]).values[:, :, 4]
    assert rows[4].none == (sizes == 0).sum()
    assert rows[4].smallest == sizes[sizes > 0].min()


def test_minimal_rows_where_nothing_matches(make: Callable[..., Dataset]) -> None:
    assert minimal_rows(make(epsilons=(0.001,)))[0] == (0.001, 360, 360, None, None, None)
    assert minimal_rows(make(epsilons=(0.5,), samples=0))[0] == (0.5, 0, 0, None, None, None)
