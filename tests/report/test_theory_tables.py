"""Tables of the theory, against a second way to count."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from xarray import DataTree

from jaxrepsim.errors import InputError
from jaxrepsim.report.files import write_tables
from jaxrepsim.report.schema import check
from jaxrepsim.report.section import Section
from jaxrepsim.report.sections import across_layers, chance, decomposition, joint, over_training, stability
from jaxrepsim.report.sections.chance import chance_rows
from jaxrepsim.report.sections.decomposition import decomposition_rows
from jaxrepsim.report.sections.joint import joint_rows
from jaxrepsim.report.sections.stability import stability_factor, stability_rows
from tests.report.groups import add_groups, not_computed

SECTIONS = tuple(module.SECTION for module in (chance, joint, decomposition, stability, across_layers, over_training))


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_a_group_is_there_as_a_whole_or_not_at_all(full: DataTree, section: Section) -> None:
    check(full, SECTIONS)
    without = full.filter(lambda node: node.name != section.name)
    check(without, SECTIONS)
    assert section.is_in(full)
    assert not section.is_in(without)
    group = full[section.name].to_dataset(inherit=False)
    for name in map(str, group.data_vars):
        less = full.assign({section.name: DataTree(group.drop_vars(name))})
        if name in section.optional:
            check(less, SECTIONS)
        else:
            with pytest.raises(InputError, match=f"the group '{section.name}' of these results lacks {name}$"):
                check(less, SECTIONS)
        turned = group.assign({name: group[name].rename({group[name].dims[-1]: "another"})})
        with pytest.raises(InputError, match=f"{section.name}/{name} has the dimensions"):
            check(full.assign({section.name: DataTree(turned)}), SECTIONS)


def test_groups_with_nothing_in_them_are_refused(full: DataTree) -> None:
    for dim in ("draw", "checkpoint"):
        with pytest.raises(InputError, match=f"hold no {dim}"):
            check(full.isel({dim: []}, missing_dims="ignore"), SECTIONS)
    check(full.isel(simple=[], other_simple=[], interval=[], missing_dims="ignore"), SECTIONS)


def members(results: DataTree, layer: int, pair: int, epsilon: int) -> list[tuple[set[int], set[int]]]:
    """The simple matches as sets."""
    found = []
    for slot in range(results["decomposition"].sizes["simple"]):
        x, y = (results[f"decomposition/simple_{side}"].values[layer, pair, epsilon, slot] for side in "xy")
        if not (x == -1).all():
            found.append((set(np.flatnonzero(x == 1)), set(np.flatnonzero(y == 1))))
    return found


@pytest.mark.parametrize("slots", [7, 100])
def test_decomposition_rows(make: Callable[..., DataTree], slots: int) -> None:
    results = add_groups(make(layers=("a", "b", "c")), slots=slots)
    rows = decomposition_rows(results)
    expected = []
    for layer, epsilon in np.ndindex(3, 5):
        matched = [
            int(
                results["similarity/matched_x"][layer, pair, epsilon, 0]
                + results["similarity/matched_y"][layer, pair, epsilon, 0]
            )
            for pair in range(3)
        ]
        if not any(matched):
            continue
        simple = [match for pair in range(3) for match in members(results, layer, pair, epsilon)]
        sizes = [len(x) + len(y) for x, y in simple]
        several = [int(results["decomposition/certified_several"][layer, pair, epsilon]) for pair in range(3)]
        minimum = [int(results["decomposition/certified_minimum"][layer, pair, epsilon]) for pair in range(3)]
        units = 2 * int(results["similarity/units"][layer])
        row = rows[len(expected)]
        expected.append((results["layer"].values[layer], f"{results['epsilon'].values[epsilon]:g}"))
        assert (row.layer, row.epsilon) == expected[-1]
        assert (row.searched, row.found) == (3, len(simple))
        assert row.complete == int((results["decomposition/simple_complete"].values[layer, :, epsilon] == 1).sum())
        assert row.single == sum(len(x) == len(y) == 1 for x, y in simple)
        assert (row.minimum, row.several) == (sum(minimum), sum(several))
        assert row.minimum + row.several == sum(matched)
        assert row.unmatched == 3 * units - sum(matched)
        assert row.parts == [f(results["decomposition/parts"].values[layer, :, epsilon]) for f in (min, max)]
        if simple:
            assert row.sizes == [min(sizes), np.median(sizes), max(sizes)]
            assert row.shares == pytest.approx([value / units for value in row.sizes])
        else:
            assert row.sizes is row.shares is None
        smallest = results["decomposition/smallest_size"].values[layer, :, epsilon]
        bound = results["decomposition/smallest_bound"].values[layer, :, epsilon]
        held = [(int(s), int(b)) for s, b in zip(smallest.ravel(), bound.ravel(), strict=True) if s > 0]
        assert (row.smallest is None) == (not held)
        if row.smallest:
            assert row.smallest == [min(b for _, b in held), min(s for s, _ in held)]
        assert (row.exact, row.sampled) == (sum(s == b for s, b in held), len(held))
    assert len(rows) == len(expected) > 3


def test_pairs_that_were_not_computed_do_not_count(make: Callable[..., DataTree]) -> None:
    results = add_groups(make(layers=("a",), epsilons=(0.5,)))
    one = decomposition_rows(results.isel(pair=[0]))[0]
    for variable in results["decomposition"].data_vars.values():
        variable[:, 1:] = -1
    assert decomposition_rows(results) == [one]


def test_chance_rows(full: DataTree) -> None:
    full["chance/observed"][2, 1] = np.nan
    rows = {(row.layer, row.epsilon): row for row in chance_rows(full)}
    row = rows["conv3", "0.5"]
    assert row.observed.mean == pytest.approx(float(full["chance/observed"][2, [0, 2], 4].mean()))
    for cell, name in ((row.shuffled, "shuffled"), (row.random, "random")):
        values = full[f"chance/{name}"].values[2, :, 4]
        assert cell == pytest.approx((values.mean(), values.min(), values.max()))
    assert row.untrained.high == full["chance/untrained"].values[2, :, 4].max()
    assert row.p_shuffled == full["chance/p_shuffled"].values[2, :, 4].max()
    assert row.p_random == full["chance/p_random"].values[2, :, 4].max()
    assert row.samples == 500
    assert ("conv8", "0.15") not in rows
    assert chance_rows(not_computed(full)) == []


def test_joint_rows(full: DataTree) -> None:
    rows = joint_rows(full)
    assert [row.layer for row in rows] == full["layer"].values.tolist()
    assert rows[3].all_networks == full["joint/similarity"].values[3].tolist()
    assert rows[3].pairs == pytest.approx(full["similarity/similarity"].values[3, :, :, 0].mean(0).tolist())
    # Of all networks no more can match than of any two.
    assert all(a <= p + 1e-9 for row in rows for a, p in zip(row.all_networks, row.pairs, strict=True))


def test_stability_rows(full: DataTree) -> None:
    full["stability/theta_lower"][0, 1] = np.nan
    rows = stability_rows(full)
    lower, upper = full["stability/theta_lower"].values[0, [0, 2]].min(), full["stability/theta_upper"].values[0].min()
    assert rows[0].degrees == pytest.approx((np.degrees(lower), np.degrees(upper)))
    assert rows[0].factor == pytest.approx((2 / np.sin(upper) + 1, 2 / np.sin(lower) + 1))
    for epsilon, verdicts in enumerate(rows[0].verdicts):
        codes = full["stability/stable"].values[0, :, epsilon].tolist()
        assert verdicts == Counter({1: "stable", 0: "not stable", -1: "undecided"}[code] for code in codes)
    assert {pair: len(ends) for pair, ends in rows[0].intervals.items()} == {"0-1": 2, "0-2": 2, "1-2": 2}
    assert [len(ends) for ends in rows[1].intervals.values()] == [1, 1, 1]
    assert rows[0].longest == pytest.approx((0.4, 0.4125), abs=0.05)
    assert rows[-1].intervals == {}
    assert rows[-1].longest is None
    assert rows[-1].factor[1] == np.inf
    assert stability_rows(not_computed(full)) == []
    full["stability/theta_lower"][1] = np.nan
    assert [row.layer for row in stability_rows(full)] == [row.layer for row in rows if row is not rows[1]]


def test_stability_factor() -> None:
    assert stability_factor(np.pi / 6) == pytest.approx(5)
    assert stability_factor(0.0) == np.inf
    assert np.isnan(stability_factor(np.nan))


def test_tables_are_written_and_read_back(full: DataTree, tmp_path: Path) -> None:
    paths = write_tables(full, tmp_path / "deep", SECTIONS)
    assert [path.name for path in paths] == [f"{section.name}.csv" for section in SECTIONS]
    assert sorted(path.name for path in (tmp_path / "deep").iterdir()) == sorted(path.name for path in paths)
    again = write_tables(full, tmp_path / "again", SECTIONS)
    assert [path.read_bytes() for path in paths] == [path.read_bytes() for path in again]
    nulls, at_once, simple, verdicts, across, training = (pd.read_csv(path, keep_default_na=False) for path in paths)

    at = simple[(simple["layer"] == "conv2") & (simple["pair"] == "0-2") & (simple["epsilon"] == 0.3)]
    found = members(full, 1, 1, 3)
    assert len(at) == len(found) > 5
    for row, (x, y) in zip(at.itertuples(), found, strict=True):
        assert (row.size_x, row.size_y) == (len(x), len(y))
        assert set(map(int, str(row.units_x).split())) == x
        assert set(map(int, str(row.units_y).split())) == y
        for inside in map(int, str(row.contains).split()):
            assert found[inside] != (x, y)
            assert found[inside][0] <= x
            assert found[inside][1] <= y

    row = nulls[(nulls["layer"] == "fc1") & (nulls["epsilon"] == 0.5) & (nulls["pair"] == "1-2")].iloc[0]
    assert row["shuffled_high"] == pytest.approx(full["chance/shuffled"].values[8, 2, 4].max(), rel=1e-5)
    assert row["p_shuffled"] == pytest.approx(float(full["chance/p_shuffled"][8, 2, 4]), rel=1e-5)
    network = at_once["network"].astype(str)
    row = at_once[(at_once["layer"] == "fc1") & (at_once["epsilon"] == 0.5) & (network == "2")].iloc[0]
    assert row["similarity"] == pytest.approx(float(full["joint/similarity"][8, 4]), rel=1e-5)
    assert row["matched"] == full["joint/matched"][8, 4, 2]
    assert len(across) == 10 * 10 * 5 * 3
    row = across[(across["layer_x"] == "fc1") & (across["layer_y"] == "conv1") & (across["epsilon"] == 0.5)].iloc[0]
    assert row["similarity"] == pytest.approx(float(full["across_layers/similarity"][0, 8, 0, 4]), rel=1e-5)
    assert (row["samples"], row["pooled"]) == (250, 1)
    row = training[(training["epoch"] == 5) & (training["layer"] == "fc1") & (training["epsilon"] == 0.5)].iloc[0]
    assert row["similarity"] == pytest.approx(float(full["over_training/similarity"][3, 8, 0, 4]), rel=1e-5)
    assert row["mean_accuracy"] == pytest.approx(float(full["over_training/accuracy"][:, 3].mean()), rel=1e-5)
    row = verdicts[(verdicts["layer"] == "conv1") & (verdicts["pair"] == "0-1")].iloc[0]
    assert row["verdict"] == {1: "stable", 0: "not stable", -1: "undecided"}[int(full["stability/stable"][0, 0, 0])]
    ends = [float(end) for interval in row["stable_intervals"].split() for end in interval.split(":")]
    starts, stops = full["stability/stable_from"].values[0, 0], full["stability/stable_to"].values[0, 0]
    assert ends == pytest.approx([starts[0], stops[0], starts[1], stops[1]], rel=1e-4)


def test_tables_of_groups_that_are_there(full: DataTree, make: Callable[..., DataTree], tmp_path: Path) -> None:
    assert write_tables(make(layers=("a",)), tmp_path, SECTIONS) == []
    only = full.filter(lambda node: node.name in (None, "similarity", "joint"))
    assert [path.name for path in write_tables(only, tmp_path, SECTIONS)] == ["joint.csv"]
    with pytest.raises(InputError, match="lack"):
        write_tables(DataTree(), tmp_path, SECTIONS)


def test_tables_of_every_shape(grouped_results: DataTree, tmp_path: Path) -> None:
    for path in write_tables(grouped_results, tmp_path, SECTIONS):
        assert path.read_text(encoding="utf-8").startswith(("layer,", "layer_x,", "epoch,"))
    decomposition_rows(grouped_results)
    chance_rows(grouped_results)
    stability_rows(grouped_results)
