"""Words of the command line as settings: `--training.epochs 5`, `--matching.epsilons 0.1,0.2`, `--joint.on`."""

import dataclasses
import json
import re
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

from jaxrepsim.errors import InputError, nearest, unknown

T = TypeVar("T")

_NEEDED: dict[Any, tuple[str, str]] = {
    int: ("N", "a whole number"),
    float: ("NUMBER", "a number"),
    str: ("TEXT", "a text"),
    Path: ("PATH", "a path"),
}
"""For each type of a value: how the help calls it, and what it must be."""


class Option(NamedTuple):
    """A field of a dataclass, as the command line names it.

    Fields:
        field: Its name, after that of its group where it is in one: `training.batch_size`.
        kind: Its declared type.
        value: What it is where the option is not given.
    """

    field: str
    kind: Any
    value: Any

    @property
    def name(self) -> str:
        """`--training.batch-size`."""
        return f"--{self.field.replace('_', '-')}"

    @property
    def takes(self) -> str:
        """What follows its name, for the help."""
        kind, may_be_none = _not_none(self.kind)
        if typing.get_origin(kind) is tuple:
            return f"{_NEEDED[typing.get_args(kind)[0]][0]}..."
        if typing.get_origin(kind) is Literal:
            return "|".join(map(str, typing.get_args(kind)))
        if kind is bool:
            return ""
        label = _NEEDED[kind][0] if kind in _NEEDED else "NAME=VALUE..."
        return f"{label}|none" if may_be_none and self.value is not None else label


def options_of(settings: Any) -> dict[str, Option]:
    """The options of a dataclass.

    Args:
        settings: Its instance; a field that is a dataclass itself is a group.

    Returns:
        By `Option.field`, in the order of the fields.
    """
    hints = typing.get_type_hints(type(settings))
    found: dict[str, Option] = {}
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if dataclasses.is_dataclass(value):
            inside = options_of(value).values()
            found |= {
                f"{field.name}.{each.field}": each._replace(field=f"{field.name}.{each.field}") for each in inside
            }
        else:
            found[field.name] = Option(field.name, hints[field.name], value)
    return found


def read(words: Sequence[str], known: Mapping[str, Option], usage: str) -> dict[str, Any]:
    """What options are given, and their values.

    Args:
        words: Of the command line, from the first option on.
        known: Those there are.
        usage: A command that lists them, for errors.

    Returns:
        The values, of the declared types, by `Option.field`. Several values may be separated by spaces or commas, or
        given by naming the option again; of an option that takes one value, the last one counts.

    Raises:
        InputError: There is no such option, or a value is missing, of the wrong type, or one too many.

    >>> read(["--a", "1,2", "3", "--b"], {"a": Option("a", tuple[int, ...], ()), "b": Option("b", bool, False)}, "x")
    {'a': (1, 2, 3), 'b': True}
    """
    values: dict[str, Any] = {}
    for name, given in _options(words):
        field = name.removeprefix("--").replace("-", "_")
        # `--joint.no-on` is false.
        group, _, last = field.rpartition(".")
        positive = f"{group}.{last.removeprefix('no_')}" if group else last.removeprefix("no_")
        if field not in known and positive in known and known[positive].kind is bool and not given:
            values[positive] = False
        elif field not in known:
            raise InputError(f"there is no option {name} here; {_meant(field, known)}`{usage}` lists those there are")
        else:
            value = _value(name, known[field].kind, given)
            values[field] = (*values.get(field, ()), *value) if isinstance(value, tuple) else value
    return values


def replaced(settings: T, values: Mapping[str, Any]) -> T:
    """Settings with some of them replaced.

    Args:
        settings: A dataclass, of which some fields may be dataclasses.
        values: By `Option.field`.

    Returns:
        A copy, checked as a whole.

    Raises:
        InputError: The settings do not hold together.
    """
    changes: dict[str, Any] = {}
    for field, value in values.items():
        group, _, name = field.rpartition(".")
        if group:
            changes.setdefault(group, {})[name] = value
        else:
            changes[name] = value
    whole: Any = settings
    for name, change in changes.items():
        if dataclasses.is_dataclass(part := getattr(whole, name)):
            changes[name] = dataclasses.replace(typing.cast(Any, part), **change)
    return dataclasses.replace(whole, **changes)


def _meant(field: str, known: Mapping[str, Option]) -> str:
    """The option that was probably meant: of its group, where there is one of that name or nearly so."""
    group, _, _ = field.partition(".")
    groups = {each.partition(".")[0] for each in known if "." in each}
    alike = nearest(group, sorted(groups)) if "." in field else None
    near = nearest(field, [each for each in known if "." not in field or each.partition(".")[0] == alike])
    return f"did you mean {known[near].name}? " if near else ""


def _options(words: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Each option with the words that follow it."""
    starts = [place for place, word in enumerate(words) if re.match(r"--?[A-Za-z]", word)]
    if words and starts[:1] != [0]:
        raise InputError(f"{words[0]!r} follows no option")
    for start, stop in pairwise([*starts, len(words)]):
        name, equals, value = words[start].partition("=")
        yield name, [value] * bool(equals) + list(words[start + 1 : stop])


def _value(name: str, kind: Any, words: Sequence[str]) -> Any:
    kind, may_be_none = _not_none(kind)
    if typing.get_origin(kind) is tuple:
        each = [part.strip() for word in words for part in word.split(",") if part.strip()]
        return tuple(_single(name, typing.get_args(kind)[0], word) for word in each)
    if kind is bool and not words:
        return True
    if typing.get_origin(kind) is dict or kind is dict:
        return dict(_entry(name, word) for word in words)
    if kind is bool and [word.lower() for word in words] in (["true"], ["false"]):
        return words[0].lower() == "true"
    if kind is bool:
        raise InputError(f"{name} takes no value: it is given, or not; received {' '.join(words)}")
    if len(words) > 1:
        raise InputError(f"{name} takes one value; received {' '.join(words)}")
    if not words:
        raise InputError(f"{name} needs {_needed(kind)} after it")
    if may_be_none and words[0].lower() == "none":
        return None
    return _single(name, kind, words[0])


def _single(name: str, kind: Any, word: str) -> Any:
    if typing.get_origin(kind) is Literal:
        if word not in typing.get_args(kind):
            raise unknown(f"value of {name}", word, typing.get_args(kind))
        return word
    try:
        return kind(word)
    except ValueError as error:
        raise InputError(f"{name} must be {_needed(kind)}; received {word!r}") from error


def _entry(name: str, word: str) -> tuple[str, Any]:
    """NAME=VALUE; a value that is no JSON is a text."""
    key, equals, value = word.partition("=")
    if not key or not equals:
        raise InputError(f"{name} takes NAME=VALUE, one or more; received {word!r}")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def _needed(kind: Any) -> str:
    if typing.get_origin(kind) is Literal:
        return f"one of {', '.join(map(str, typing.get_args(kind)))}"
    return _NEEDED[kind][1]


def _not_none(kind: Any) -> tuple[Any, bool]:
    """A type without None, and whether it had it."""
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        others = [each for each in typing.get_args(kind) if each is not type(None)]
        if len(others) == 1:
            return others[0], True
    return kind, False
