"""Tables of the optional groups, against a second way to count."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from xarray import Dataset

from jaxrepsim.errors import InputError
from jaxrepsim.report import check, holds, write_tables
from jaxrepsim.report.schema import GROUPS
from jaxrepsim.report.stability import stability_factor, stability_rows
from jaxrepsim.report.theory_tables import chance_rows, decomposition_rows, joint_rows
from tests.report.groups import add_groups, not_computed

FILES = ["simple_matches", "chance", "joint", "across_layers", "over_training", "stability"]
ALIGNED = ["units", "one_to_one", "sparse_prediction", "clusters"]


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_is_there_as_a_whole_or_not_at_all(full: Dataset, group: str) -> None:
    check(full)
    variables = sorted(GROUPS[group])
    without = full.drop_vars(variables)
    check(without)
    assert holds(full, group)
    assert not holds(without, group)
    for name in variables:
        with pytest.raises(InputError, match=f"of the group '{group}', but lack {name}$"):
            check(full.drop_vars(name))
        with pytest.raises(InputError, match=f"{name} has the dimensions"):
            check(full.assign({name: full[name].rename({full[name].dims[-1]: "other"})}))
    with pytest.raises(InputError, match="hold " + variables[-1] + " of the group"):
        check(full.drop_vars(variables[:-1]))


def test_groups_with_nothing_in_them_are_refused(full: Dataset) -> None:
    for dim in ("draw", "checkpoint"):
        with pytest.raises(InputError, match=f"hold no {dim}"):
            check(full.isel({dim: []}))
    check(full.isel(simple=[], other_simple=[], interval=[]))
    with pytest.raises(InputError, match="should name the same layers"):
        check(full.assign_coords(other_layer=full["layer"].values[::-1]))


def members(results: Dataset, layer: int, pair: int, epsilon: int) -> list[tuple[set[int], set[int]]]:
    """The simple matches as sets."""
    found = []
    for slot in range(results.sizes["simple"]):
        x, y = (results[f"simple_{side}"].values[layer, pair, epsilon, slot] for side in "xy")
        if not (x == -1).all():
            found.append((set(np.flatnonzero(x == 1)), set(np.flatnonzero(y == 1))))
    return found


@pytest.mark.parametrize("slots", [7, 400])
def test_decomposition_rows(make: Callable[..., Dataset], slots: int) -> None:
    results = add_groups(make(layers=("a", "b", "c")), slots=slots)
    rows = decomposition_rows(results)
    expected = []
    for layer, epsilon in np.ndindex(3, 5):
        matched = [
            int(results["matched_x"][layer, pair, epsilon, 0] + results["matched_y"][layer, pair, epsilon, 0])
            for pair in range(3)
        ]
        if not any(matched):
            continue
        simple = [match for pair in range(3) for match in members(results, layer, pair, epsilon)]
        sizes = [len(x) + len(y) for x, y in simple]
        several = [int(results["certified_several"][layer, pair, epsilon]) for pair in range(3)]
        minimum = [int(results["certified_minimum"][layer, pair, epsilon]) for pair in range(3)]
        units = 2 * int(results["units"][layer])
        row = rows[len(expected)]
        expected.append((results["layer"].values[layer], f"{results['epsilon'].values[epsilon]:g}"))
        assert (row.layer, row.epsilon) == expected[-1]
        assert (row.searched, row.found) == (3, len(simple))
        assert row.complete == int((results["simple_complete"].values[layer, :, epsilon] == 1).sum())
        assert row.single == sum(len(x) == len(y) == 1 for x, y in simple)
        assert (row.minimum, row.several) == (sum(minimum), sum(several))
        assert row.minimum + row.several == sum(matched)
        assert row.unmatched == 3 * units - sum(matched)
        assert row.parts == tuple(f(results["parts"].values[layer, :, epsilon]) for f in (min, max))
        if simple:
            assert row.sizes is not None
            assert row.sizes[:3] == (min(sizes), np.median(sizes), max(sizes))
            assert row.sizes.shares == pytest.approx([value / units for value in row.sizes[:3]])
        else:
            assert row.sizes is None
        smallest = results["smallest_size"].values[layer, :, epsilon]
        bound = results["smallest_bound"].values[layer, :, epsilon]
        held = [(int(s), int(b)) for s, b in zip(smallest.ravel(), bound.ravel(), strict=True) if s > 0]
        assert (row.smallest is None) == (not held)
        if row.smallest:
            assert row.smallest.found == min(s for s, _ in held)
            assert row.smallest.bound == min(b for _, b in held)
            assert (row.smallest.exact, row.smallest.sampled) == (sum(s == b for s, b in held), len(held))
    assert len(rows) == len(expected) > 3


def test_pairs_that_were_not_computed_do_not_count(make: Callable[..., Dataset]) -> None:
    results = add_groups(make(layers=("a",), epsilons=(0.5,)))
    one = decomposition_rows(results.isel(pair=[0]))[0]
    for name in GROUPS["decomposition"]:
        results[name][:, 1:] = -1
    assert decomposition_rows(results) == [one]


def test_chance_rows(full: Dataset) -> None:
    full["chance_observed"][2, 1] = np.nan
    rows = {(row.layer, row.epsilon): row for row in chance_rows(full)}
    row = rows["conv3", "0.5"]
    assert row.observed.mean == pytest.approx(float(full["chance_observed"][2, [0, 2], 4].mean()))
    for cell, name in ((row.shuffled, "chance_shuffled"), (row.random, "chance_random")):
        values = full[name].values[2, :, 4]
        assert cell == pytest.approx((values.mean(), values.min(), values.max()))
    assert row.untrained.high == full["chance_untrained"].values[2, :, 4].max()
    assert row.p_shuffled == full["p_shuffled"].values[2, :, 4].max()
    assert row.p_random == full["p_random"].values[2, :, 4].max()
    assert row.samples == 500
    assert ("conv8", "0.15") not in rows
    assert chance_rows(not_computed(full)) == []


def test_joint_rows(full: Dataset) -> None:
    rows = joint_rows(full)
    assert [row.layer for row in rows] == full["layer"].values.tolist()
    assert rows[3].together == full["joint_similarity"].values[3].tolist()
    assert rows[3].pairs == pytest.approx(full["similarity"].values[3, :, :, 0].mean(0).tolist())
    # Of all networks no more can match than of any two.
    assert all(t <= p + 1e-9 for row in rows for t, p in zip(row.together, row.pairs, strict=True))


def test_stability_rows(full: Dataset) -> None:
    full["theta_lower"][0, 1] = np.nan
    rows = stability_rows(full)
    lower, upper = full["theta_lower"].values[0, [0, 2]].min(), full["theta_upper"].values[0].min()
    assert rows[0].degrees == pytest.approx((np.degrees(lower), np.degrees(upper)))
    assert rows[0].factor == pytest.approx((2 / np.sin(upper) + 1, 2 / np.sin(lower) + 1))
    for epsilon, verdicts in enumerate(rows[0].verdicts):
        assert verdicts == tuple(int((full["stable"][0, :, epsilon] == kind).sum()) for kind in (1, 0, -1))
    assert [len(pair.ends) for pair in rows[0].intervals] == [2, 2, 2]
    assert [len(pair.ends) for pair in rows[1].intervals] == [1, 1, 1]
    assert rows[0].longest == pytest.approx((0.4, 0.4125), abs=0.05)
    assert rows[-1].intervals == []
    assert rows[-1].longest is None
    assert rows[-1].factor[1] == np.inf
    assert stability_rows(not_computed(full)) == []
    some = full.assign(theta_lower=full["theta_lower"].where(full["layer"] != full["layer"][1]))
    assert [row.layer for row in stability_rows(some)] == [row.layer for row in rows if row is not rows[1]]


def test_stability_factor() -> None:
    assert stability_factor(np.pi / 6) == pytest.approx(5)
    assert stability_factor(0.0) == np.inf
    assert np.isnan(stability_factor(np.nan))


def test_tables_are_written_and_read_back(full: Dataset, tmp_path: Path) -> None:
    paths = write_tables(full, tmp_path / "deep")
    assert [path.name for path in paths] == [f"{name}.csv" for name in FILES + ALIGNED]
    assert sorted(path.name for path in (tmp_path / "deep").iterdir()) == sorted(path.name for path in paths)
    again = write_tables(full, tmp_path / "again")
    assert [path.read_bytes() for path in paths] == [path.read_bytes() for path in again]
    simple, chance, joint, across, training, stability = (
        pd.read_csv(path, keep_default_na=False) for path in paths[:6]
    )

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

    row = chance[(chance["layer"] == "fc1") & (chance["epsilon"] == 0.5) & (chance["pair"] == "1-2")].iloc[0]
    assert row["shuffled_high"] == pytest.approx(full["chance_shuffled"].values[8, 2, 4].max(), rel=1e-5)
    assert row["p_shuffled"] == pytest.approx(float(full["p_shuffled"][8, 2, 4]), rel=1e-5)
    row = joint[(joint["layer"] == "fc1") & (joint["epsilon"] == 0.5) & (joint["network"].astype(str) == "2")].iloc[0]
    assert row["similarity"] == pytest.approx(float(full["joint_similarity"][8, 4]), rel=1e-5)
    assert row["matched"] == full["joint_matched"][8, 4, 2]
    assert len(across) == 10 * 10 * 5 * 3
    row = across[(across["layer"] == "fc1") & (across["other_layer"] == "conv1") & (across["epsilon"] == 0.5)].iloc[0]
    assert row["similarity"] == pytest.approx(float(full["across"][0, 8, 0, 4]), rel=1e-5)
    assert (row["samples"], row["pooled"]) == (250, 1)
    row = training[(training["epoch"] == 5) & (training["layer"] == "fc1") & (training["epsilon"] == 0.5)].iloc[0]
    assert row["similarity"] == pytest.approx(float(full["training_similarity"][3, 8, 0, 4]), rel=1e-5)
    assert row["mean_accuracy"] == pytest.approx(float(full["checkpoint_accuracy"][:, 3].mean()), rel=1e-5)
    row = stability[(stability["layer"] == "conv1") & (stability["pair"] == "0-1")].iloc[0]
    assert row["verdict"] == {1: "stable", 0: "not stable", -1: "undecided"}[int(full["stable"][0, 0, 0])]
    ends = [float(end) for interval in row["stable_intervals"].split() for end in interval.split(":")]
    starts, stops = full["stable_from"].values[0, 0], full["stable_to"].values[0, 0]
    assert ends == pytest.approx([starts[0], stops[0], starts[1], stops[1]], rel=1e-4)


def test_tables_of_groups_that_are_there(full: Dataset, make: Callable[..., Dataset], tmp_path: Path) -> None:
    assert write_tables(make(layers=("a",)), tmp_path) == []
    only = full[["similarity", *check_variables(), *GROUPS["joint"]]]
    assert [path.name for path in write_tables(only, tmp_path)] == ["joint.csv"]
    with pytest.raises(InputError, match="lack"):
        write_tables(Dataset(), tmp_path)


def check_variables() -> list[str]:
    """What every result holds."""
    sides = [f"{name}_{side}" for name in ("matched", "profile", "minimal_size") for side in "xy"]
    return [*sides, "minimal_unit", "units", "samples", "dead"]


def test_tables_of_every_shape(grouped_results: Dataset, tmp_path: Path) -> None:
    for path in write_tables(grouped_results, tmp_path):
        assert path.read_text(encoding="utf-8").startswith(("layer,", "epoch,"))
    decomposition_rows(grouped_results)
    chance_rows(grouped_results)
    stability_rows(grouped_results)
