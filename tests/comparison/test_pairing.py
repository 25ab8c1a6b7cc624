"""Which layers belong together: by name, by order, as told; and what is refused."""

from collections import OrderedDict

import numpy as np
import pytest

from jaxrepsim.activations import ActivationFile
from jaxrepsim.comparison.pairing import paired
from jaxrepsim.errors import InputError


def network(*layers):
    arrays = OrderedDict((layer, np.full((4, 1), float(place))) for place, layer in enumerate(layers))
    return ActivationFile(arrays, dict.fromkeys(layers, 4), {})


def told(pairing, name, label):
    """The name that a layer which is compared under a label has in its network."""
    return pairing.own_names.get(name, {}).get(label, label)


def test_equal_names_are_paired_by_them():
    found = paired({"a": network("x", "y"), "b": network("y", "x")})
    assert found.layers == ["x", "y"]
    assert found.own_names == {}
    assert found.networks["b"].layers["y"][0, 0] == 0


def test_other_names_are_paired_by_order():
    found = paired({"a": network("conv1", "fc"), "b": network("0", "1"), "c": network("conv1", "head")})
    assert found.layers == ["conv1", "fc"]
    assert found.own_names == {"b": {"conv1": "0", "fc": "1"}, "c": {"fc": "head"}}
    assert [list(one.layers) for one in found.networks.values()] == [["conv1", "fc"]] * 3
    assert found.networks["b"].samples == {"conv1": 4, "fc": 4}


def test_as_told():
    networks = {"a": network("p", "q"), "b": network("q", "r", "s")}
    for names in (("q", "s"), {"b": "s", "a": "q"}):
        found = paired(networks, {"out": names})
        assert found.layers == ["out"]
        assert (told(found, "a", "out"), told(found, "b", "out")) == ("q", "s")
        assert list(found.networks["b"].layers) == ["q", "r", "out"]


def test_a_layer_with_the_name_of_a_label_keeps_apart():
    found = paired({"a": network("p", "q"), "b": network("q", "r", "p")}, {"p": ("p", "r")})
    assert list(found.networks["b"].layers) == ["q", "p", "p of b"]
    assert found.own_names["b"] == {"p": "r", "p of b": "p"}


def test_some_of_the_layers():
    networks = {"a": network("x", "y", "z"), "b": network("x", "y", "w")}
    assert paired(networks, ["z"]).own_names == {"b": {"z": "w"}}
    assert paired({**networks, "b": network("y", "x", "v", "w")}, ["x", "y"]).layers == ["x", "y"]


@pytest.mark.parametrize(
    ("other", "layers", "message"),
    [
        (network("y", "x", "v"), None, r"layer 'x' is at another place in b.*layers=\{'z': \('z', 'v'\)\} and so on"),
        (network("p", "q"), None, "a has 3 layers, and b has 2 layers.*a: x, y, z. b: p, q"),
        (network("x", "y", "z"), ["w"], "unknown layer 'w'"),
        (network("x", "y", "z"), "x", "must be a list of names, or a mapping; received 'x'"),
        (network("x", "y", "z"), [], "no layer is compared"),
        (network("p", "q"), {"x": ("x", "r")}, "unknown layer of b 'r'"),
        (network("p", "q"), {"x": ("x",)}, r"layers\['x'\] must name a layer of each of a, b"),
        (network("p", "q"), {"x": "x"}, r"layers\['x'\] must name a layer of each of a, b"),
        (network("p", "q"), {"x": {"a": "x", "c": "p"}}, "unknown network 'c'"),
        (network("p", "q"), {"x": ("x", "p"), "y": ("x", "q")}, "a layer of a is compared under two labels"),
    ],
)
def test_what_is_not_clear_is_refused(other, layers, message):
    with pytest.raises(InputError, match=message):
        paired({"a": network("x", "y", "z"), "b": other}, layers)
