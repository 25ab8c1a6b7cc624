"""The settings of a run: from a file, checked, and back to plain data."""

import dataclasses
import re
import runpy
import typing
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec

from jaxrepsim.data.config import DataConfig
from jaxrepsim.errors import InputError
from jaxrepsim.models.config import ModelConfig
from jaxrepsim.settings import require
from jaxrepsim.training.config import TrainingConfig


@dataclass(frozen=True)
class MatchingConfig:
    """What is compared, and how closely."""

    epsilons: tuple[float, ...] = (0.15, 0.2, 0.25, 0.3, 0.5)
    """The values of ε that tables and figures show; the match profile covers all others."""
    layers: tuple[str, ...] = ()
    """Which layers; by default all."""
    positions: int | None = None
    """For convolutions: how many (image, position) pairs are drawn, without replacement; by default all are used."""
    redraws: int = 1
    """How many times they are drawn."""
    minimal_units: int = 8
    """For how many units of a layer and pair a v-minimal match is searched, at each ε; 0 for none."""
    batch_size: int = 256
    """Images a forward pass."""
    seed: int = 0
    """Draws the positions, the units and the orders of deletions."""

    def __post_init__(self) -> None:
        require(
            self,
            ("epsilons", "in [0, 1), one or more", lambda values: values and all(0 <= value < 1 for value in values)),
            ("epsilons", "increasing", lambda values: list(values) == sorted(set(values))),
            ("positions", "at least 1", lambda value: value is None or value >= 1),
            ("redraws", "at least 1", lambda value: value >= 1),
            ("redraws", "1 where all positions are used", lambda value: value == 1 or self.positions is not None),
            ("minimal_units", "at least 0", lambda value: value >= 0),
            ("batch_size", "at least 1", lambda value: value >= 1),
            ("seed", "from 0 to 2³¹ − 1", lambda value: 0 <= value < 2**31),
        )


@dataclass(frozen=True)
class TheoryConfig:
    """What is computed beyond the match profiles; all of it only where asked for."""

    layers: tuple[str, ...] = ()
    """For which layers the decomposition, stability and chance; by default all that are matched."""
    decomposition: bool = False
    """Simple matches of every pair and ε, certificates, and the smallest matches of the sampled units."""
    simple_matches: int = 100
    """At most so many simple matches of a layer, pair and ε."""
    seconds: float = 30.0
    """Of a layer, pair and ε: after one simple match for each unit, no search for a further one begins after so long;
    nor a step in the search for the smallest match of a unit."""
    smallest_rounds: int = 1
    """Rounds in the search for the smallest match of a sampled unit; each raises its lower bound."""
    stability: bool = False
    """How independent each network's units are, and at which ε the theorem on uniqueness applies."""
    chance: int = 0
    """Draws of each null that similarity is held against, and held-out residuals; 0 for none."""
    joint: bool = False
    """The match of all networks at once."""
    across_layers: bool = False
    """Every layer of one network against every layer of the other."""
    over_training: bool = False
    """Similarity at each epoch in `training.keep`."""
    images: int = 2000
    """For chance, across layers and over training, which need raw activations: on the first so many images."""
    rows: int = 10_000
    """For the same: at most so many rows of a layer, as many positions of each image as this allows."""

    def __post_init__(self) -> None:
        require(
            self,
            ("simple_matches", "at least 1", lambda value: value >= 1),
            ("seconds", "above 0", lambda value: value > 0),
            ("smallest_rounds", "at least 0", lambda value: value >= 0),
            ("chance", "at least 0", lambda value: value >= 0),
            ("images", "at least 1", lambda value: value >= 1),
            ("rows", "at least 1", lambda value: value >= 1),
        )

    @property
    def needs_networks(self) -> tuple[str, ...]:
        """The settings in use that need the networks, and not only their compressed activations."""
        return tuple(name for name in ("chance", "across_layers", "over_training") if getattr(self, name))

    @property
    def asked(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.decomposition or self.stability or self.joint or self.needs_networks)


@dataclass(frozen=True)
class RunConfig:
    """All settings of a run."""

    title: str = ""
    """Heads the report."""
    description: str = ""
    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    matching: MatchingConfig = field(default_factory=MatchingConfig)
    theory: TheoryConfig = field(default_factory=TheoryConfig)

    def __post_init__(self) -> None:
        if self.theory.over_training and not self.training.keep:
            raise InputError("theory.over_training needs epochs to look back at: name them in training.keep")


def load_config(path: Path) -> RunConfig:
    """Runs a config file, a Python module that assigns a `RunConfig` to `config`.

    Args:
        path: The file.

    Returns:
        Its `config`, every value of the declared type.

    Raises:
        InputError: No such file, an error in it, a misspelt or mistyped setting; the message names the nearest one.
    """
    if not path.is_file():
        raise InputError(f"there is no config file {path}")
    try:
        config = runpy.run_path(str(path)).get("config")
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except Exception as error:
        raise InputError(f"{path}: {_misspelt(error) or f'{type(error).__name__}: {error}'}") from error
    if not isinstance(config, RunConfig):
        raise InputError(f"{path} must assign a jaxrepsim.pipeline.RunConfig to the name `config`")
    try:
        return from_plain(to_plain(config))
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def to_plain(config: RunConfig | MatchingConfig | TheoryConfig) -> dict[str, Any]:
    """The settings as dicts, lists, strings and numbers, exactly as JSON gives them back."""
    # As a dict first: msgspec leaves out defaults that it has not been given itself.
    return msgspec.json.decode(msgspec.json.encode(dataclasses.asdict(config), enc_hook=str))


def from_plain(plain: Any) -> RunConfig:
    """The settings from plain data.

    Raises:
        InputError: An unknown setting (with the nearest there is), or a value of the wrong type.
    """
    _check_names(plain, RunConfig, "")
    try:
        return msgspec.convert(plain, RunConfig, dec_hook=lambda kind, value: kind(value))
    except (msgspec.ValidationError, TypeError) as error:
        where = re.sub(r" - at `\$\.?(.*?)`$", r" (in \1)", str(error)).removesuffix(" (in )")
        raise InputError(f"settings: {where[:1].lower() + where[1:]}") from error


def differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """The settings in which two configs, as plain data, differ, a line each."""
    before, after = _flat(old), _flat(new)
    return [
        f"{name}: {before.get(name)!r} there, {after.get(name)!r} here"
        for name in sorted(before | after)
        if before.get(name) != after.get(name)
    ]


def _flat(plain: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in plain.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return flat


def _check_names(plain: Any, kind: type, prefix: str) -> None:
    if not isinstance(plain, dict):
        return
    types = typing.get_type_hints(kind)
    for name, value in plain.items():
        if name not in types:
            raise InputError(_unknown_setting(prefix + name, name, types))
        if dataclasses.is_dataclass(types[name]):
            _check_names(value, typing.cast(type, types[name]), f"{prefix}{name}.")


def _misspelt(error: Exception) -> str | None:
    """`RunConfig(modle=...)` fails with a TypeError that names the class and the keyword."""
    found = re.match(r"(\w+)\.__init__\(\) got an unexpected keyword argument '(\w+)'", str(error))
    kinds = {
        kind.__name__: kind
        for kind in (RunConfig, DataConfig, ModelConfig, TrainingConfig, MatchingConfig, TheoryConfig)
    }
    if not isinstance(error, TypeError) or found is None or found[1] not in kinds:
        return None
    return _unknown_setting(f"{found[1]}.{found[2]}", found[2], typing.get_type_hints(kinds[found[1]]))


def _unknown_setting(shown: str, name: str, known: typing.Iterable[str]) -> str:
    near = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"there is no setting {shown!r}; " + (
        f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
    )
