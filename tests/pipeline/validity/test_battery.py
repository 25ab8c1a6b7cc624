"""Every test of the table on made-up networks: it computes, and publishes what it computed."""

import pytest
from matplotlib.figure import Figure

from jaxrepsim.pipeline.progress import silent
from jaxrepsim.pipeline.validity import family, study
from jaxrepsim.pipeline.validity.battery import TESTS
from jaxrepsim.pipeline.validity.family import Family
from jaxrepsim.pipeline.validity.networks import Studied
from tests.pipeline.validity.made_up import LABELS, made_up

NAMES = ("match_auc", "linear_cka", "procrustes")
GROUPS = {"seeds": 0, "labels_100": 1, "shortcut_0": 0, "shortcut_100": 2}


@pytest.fixture(autouse=True)
def made_up_networks(monkeypatch):
    """In place of trained ones; a job is the group that its networks share their signal with."""

    def studied(group, view, training=False):
        networks = [made_up(10 * group + seed, group) for seed in range(3)]
        networks = [network._replace(maps=view(network.maps)) for network in networks]
        return Studied(networks, LABELS)

    monkeypatch.setattr(family, "studied", studied)
    monkeypatch.setattr(study, "DRAWS", 20)
    monkeypatch.setattr(study, "ORDERS", 20)
    monkeypatch.setattr("jaxrepsim.pipeline.validity.maximised.STEPS", (0, 3, 10))


@pytest.fixture
def families(tmp_path):
    jobs = {f"{name}_{variant}": group for name in ("a", "b") for variant, group in GROUPS.items()}
    return {name: Family(name, jobs, NAMES, tmp_path, silent) for name in ("a", "b")}


@pytest.mark.parametrize("name", TESTS)
def test_it_computes_and_publishes(name, families):
    found = {family: TESTS[name].compute(networks) for family, networks in families.items()}
    if name == "noise":  # of which there are no networks
        assert found == {"a": None, "b": None}
        return
    columns, rows, draw = TESTS[name].published(found, NAMES)
    assert all(len(row) == len(columns) for row in rows)
    assert isinstance(draw(), Figure)
    cells = {row[0]: dict(zip(columns[1:], row[1:], strict=True)) for row in rows}
    if name in ("pooled", "positions", "flattened", "one_grid", "centred"):
        assert cells["linear_cka"]["mean"] == "1.000 (1.000 to 1.000)"
    if name in ("labels", "shortcut"):
        assert {*cells} == {*NAMES}
        assert cells["procrustes"]["AUPRC, a"].startswith("1.000 ")
        assert cells["procrustes"]["violation rate, mean"].startswith("0.000 ")


def test_variants_beside_the_clean_networks(families):
    by_design = families["a"].by_design
    assert {test: [*groups] for test, groups in by_design.items()} == {
        "labels": ["a_labels_100", "clean"],
        "shortcut": ["a_shortcut_0", "a_shortcut_100"],
    }
