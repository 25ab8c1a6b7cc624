"""Which ε, and where the match and CKA disagree: against measures computed pair by pair."""

import numpy as np
import pytest
from scipy.stats import rankdata

from jaxrepsim.measures import MEASURES
from jaxrepsim.pipeline.progress import silent
from jaxrepsim.pipeline.validity import study
from jaxrepsim.pipeline.validity.disagreements import COMPARED, disagreements
from jaxrepsim.pipeline.validity.epsilons import EPSILONS, UPPERS, epsilons
from jaxrepsim.pipeline.validity.networks import pooled
from tests.pipeline.validity.made_up import made_up

NETWORKS = [made_up(seed) for seed in range(3)]
GROUPS = {f"group {group}": [made_up(10 * group + seed, group) for seed in range(2)] for group in range(2)}


def test_each_epsilon_identifies_what_its_similarity_does(tmp_path):
    found = epsilons(NETWORKS, {"labels": GROUPS}, tmp_path, silent)
    assert found.sizes["measure"] == len(EPSILONS) + len(UPPERS)
    by_auc = study.identification(
        study.between(NETWORKS, "pooled", ("match_auc", "match_similarity"), tmp_path, silent)
    )
    assert found.identified.sel(measure="auc(0.5)") == pytest.approx(by_auc.value.sel(measure="match_auc").item())
    assert found.identified.sel(measure="s(0.3)") == pytest.approx(by_auc.value.sel(measure="match_similarity").item())
    grouped = study.grouping(GROUPS, ("match_auc",), tmp_path)
    assert found.auprc.sel(test="labels", measure="auc(0.5)") == pytest.approx(grouped.auprc.item())


def test_ties_are_counted_by_their_value(tmp_path):
    ties = epsilons(NETWORKS[:2], {}, tmp_path, silent).ties
    x, y = ([pooled(maps) for maps in network.maps.values()] for network in NETWORKS[:2])
    function = MEASURES["match_similarity"].function
    alike = np.array([[float(function(a, b, 0.05)) for b in y] for a in x])
    rows = [*alike, *alike.T]
    at_0 = np.mean([max(row) == 0 for row in rows])  # of three layers that match nowhere all tie
    assert ties.sel(measure="s(0.05)", where="at 0") == pytest.approx(at_0)
    assert (ties.sum("where") <= 1 + 1e-12).all()


def test_the_pairs_that_disagree_most_are_read(tmp_path):
    values = study.between(NETWORKS, "pooled", COMPARED, tmp_path, silent)
    found = disagreements(NETWORKS, values, silent)
    cells = {name: np.array([values[name][a, b] for a, b in ((0, 1), (0, 2), (1, 2))]).ravel() for name in COMPARED}
    gap = (rankdata(cells["match_auc"]) - rankdata(cells["linear_cka"])) / 26  # 27 pairs of layers
    shown = found["rank"].sel(measure="match_auc") - found["rank"].sel(measure="linear_cka")
    np.testing.assert_allclose(shown, [gap.max(), gap.min()])
    one = found.isel(pair=0)
    x, y = (
        pooled(NETWORKS[int(n)].maps[str(layer)]) for n, layer in zip(one.network.values, one.layer.values, strict=True)
    )
    assert one["value"].sel(measure="match_auc").item() == pytest.approx(
        float(MEASURES["match_auc"].function(x, y)), abs=1e-4
    )
    both = one["share"].mean("side").sel(epsilon=0.3, method="nearest")  # sides of as many units
    assert both.item() == pytest.approx(float(MEASURES["match_similarity"].function(x, y, 0.3)), abs=1e-6)
    sides = one["size"].sel(side="first").values, one["size"].sel(side="second").values
    assert ((sides[0] > 0) == (sides[1] > 0)).all()  # a match has units of both, or none
