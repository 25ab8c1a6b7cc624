"""The section of other measures: its table, where they disagree with the match, its sentence and figure."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from xarray import DataTree

from jaxrepsim.report.match_profiles import profile_auc
from jaxrepsim.report.sections import measures


def test_disagreement_is_spearmans(full: DataTree) -> None:
    match = profile_auc(full).mean(1)
    for row in measures.disagreement(full):
        if row.measure.startswith("match_"):
            continue
        value = full["measures/value"].sel(measure=row.measure).mean("pair").values
        alike = -value if row.measure == "procrustes" else value
        assert row.correlation == pytest.approx(spearmanr(alike, match).statistic)
        layers = full["layer"].values.tolist()
        here, there = (np.argsort(np.argsort(-order))[layers.index(row.layer)] + 1 for order in (alike, match))
        assert (row.here, row.match) == (here, there)


def test_the_sentence_names_the_measure_that_agrees_least(full: DataTree) -> None:
    turned = full.copy(deep=True)
    turned["measures/value"].loc[{"measure": "pwcca"}] = -profile_auc(full)
    [sentence] = measures.SECTION.sentences(turned)
    assert sentence == (
        "Of the other measures, pwcca agrees least with the match on which layers are alike: the rank correlation of "
        "the two is -1.00. These are raw values; the table of measures against chance has calibrated ones."
    )
    turned["measures"] = DataTree(turned["measures"].to_dataset(inherit=False).drop_vars(["p", "calibrated"]))
    assert measures.SECTION.sentences(turned)[0].endswith("-1.00.")
    unknown = full.copy(deep=True)
    unknown["measures/value"][:] = np.nan
    assert measures.SECTION.sentences(unknown) == []


def test_a_panel_for_each_measure(full: DataTree) -> None:
    figure = measures.SECTION.figures[0].figure(full)
    panels = [axes for axes in figure.axes if axes.get_visible()]
    names = [axes.get_title(loc="left") for axes in panels]
    assert names == ["match_similarity, ε = 0.5", "match_auc", "linear_cka", "debiased_cka", "procrustes", "pwcca"]
    drawn = panels[4].get_lines()[0].get_ydata()
    np.testing.assert_allclose(drawn, full["measures/value"].sel(measure="procrustes").mean("pair"))


def test_values_are_written_into_small_maps(full: DataTree) -> None:
    figure = measures.SECTION.figures[1].figure(full)
    panel = figure.axes[0]
    assert panel.get_title(loc="left") == "linear_cka"
    written = [(text.get_position(), text.get_text()) for text in panel.texts if text.get_text()]
    mean = full["measures/value"].sel(measure="linear_cka").mean("layer").values  # of 0-1, 0-2, 1-2
    assert ((1, 0), f"{mean[0]:.2f}") in written
    assert ((2, 1), f"{mean[2]:.2f}") in written
    assert len(written) == 6


def test_the_long_table(full: DataTree) -> None:
    table = measures.SECTION.tables["measures"](full)
    assert table.columns.tolist() == ["layer", "measure", "pair", "value", "swapped", "p", "calibrated"]
    row = table[(table.layer == "fc1") & (table.measure == "pwcca") & (table.pair == "0-2")].iloc[0]
    here = full["measures"].to_dataset().sel(layer="fc1", measure="pwcca", pair="0-2")
    assert (row.value, row.swapped) == (here["value"].item(), here["swapped"].item())
