"""Words of the command line as settings."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from jaxrepsim.errors import InputError
from jaxrepsim.options import Option, options_of, read, replaced


@dataclass(frozen=True)
class Inside:
    sizes: tuple[int, ...] = (1,)
    names: tuple[str, ...] = ()
    on: bool = False
    most: int | None = 3
    kind: Literal["few", "many"] = "few"
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outside:
    some_part: Inside = field(default_factory=Inside)
    place: Path | None = None
    rate: float = 0.5


KNOWN = options_of(Outside())


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ("", {}),
        ("--some-part.sizes 1 2", {"some_part.sizes": (1, 2)}),
        ("--some-part.sizes 1,2 3", {"some_part.sizes": (1, 2, 3)}),
        ("--some_part.sizes=1,2", {"some_part.sizes": (1, 2)}),
        ("--some-part.sizes -1", {"some_part.sizes": (-1,)}),
        ("--some-part.sizes", {"some_part.sizes": ()}),
        ("--some-part.names a,b --some-part.names c=d", {"some_part.names": ("a", "b", "c=d")}),
        ("--some-part.on", {"some_part.on": True}),
        ("--some-part.no-on", {"some_part.on": False}),
        ("--some-part.on=false", {"some_part.on": False}),
        ("--some-part.most none", {"some_part.most": None}),
        ("--some-part.most 4 --some-part.most 5", {"some_part.most": 5}),
        ("--some-part.kind many", {"some_part.kind": "many"}),
        ("--some-part.more a=1 b=[2] c=d", {"some_part.more": {"a": 1, "b": [2], "c": "d"}}),
        ("--place a/b --rate 1e-3", {"place": Path("a/b"), "rate": 1e-3}),
        ("--rate=-2", {"rate": -2.0}),
    ],
)
def test_what_is_given(words, values):
    found = read(words.split(), KNOWN, "x --help")
    assert found == values
    assert {name: type(value) for name, value in found.items()} == {name: type(value) for name, value in values.items()}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("a --rate 1", "'a' follows no option"),
        ("--some-part.sizes 1 x", "--some-part.sizes must be a whole number; received 'x'"),
        ("--some-part.sizes 1.5", "--some-part.sizes must be a whole number; received '1.5'"),
        ("--some-part.most", "--some-part.most needs a whole number after it"),
        ("--some-part.most many", "--some-part.most must be a whole number; received 'many'"),
        ("--some-part.kind fewer", "unknown value of --some-part.kind 'fewer'; did you mean 'few'? Known: few, many"),
        ("--some-part.kind", "--some-part.kind needs one of few, many after it"),
        ("--some-part.on 3", "--some-part.on takes no value: it is given, or not; received 3"),
        ("--some-part.no-sizes", "there is no option --some-part.no-sizes here; did you mean --some-part.sizes?"),
        ("--some-part.more a", "--some-part.more takes NAME=VALUE, one or more; received 'a'"),
        ("--rate 1 2", "--rate takes one value; received 1 2"),
        ("--rat 1", "there is no option --rat here; did you mean --rate? `x --help` lists those there are"),
        ("--some-prt.size 1", "there is no option --some-prt.size here; did you mean --some-part.sizes?"),
        ("-r 1", "there is no option -r here; `x --help` lists those there are"),
    ],
)
def test_what_cannot_be_meant(words, message):
    with pytest.raises(InputError) as caught:
        read(words.split(), KNOWN, "x --help")
    assert str(caught.value).startswith(message)


def test_settings_are_replaced_in_their_groups():
    changed = replaced(Outside(), {"some_part.sizes": (2,), "some_part.on": True, "rate": 1.0})
    assert changed == Outside(Inside(sizes=(2,), on=True), rate=1.0)
    assert replaced(changed, {}) == changed


def test_what_the_help_says_that_an_option_takes():
    takes = {option.name: option.takes for option in KNOWN.values()}
    assert takes == {
        "--some-part.sizes": "N...",
        "--some-part.names": "TEXT...",
        "--some-part.on": "",
        "--some-part.most": "N|none",
        "--some-part.kind": "few|many",
        "--some-part.more": "NAME=VALUE...",
        "--place": "PATH",
        "--rate": "NUMBER",
    }
    assert Option("a", int | None, None).takes == "N"
