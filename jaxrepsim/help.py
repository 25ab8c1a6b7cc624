"""The pages of `--help`."""

import ast
import dataclasses
import inspect
import shutil
import textwrap
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from jaxrepsim.commands import COMMANDS, Command, Talk
from jaxrepsim.errors import unknown
from jaxrepsim.measures import Measure
from jaxrepsim.options import Option, options_of
from jaxrepsim.pipeline.shipped_configs import Shipped

ALL = "all"
"""Asks for the settings of every group."""
_NEEDS = {
    "compressed": "inner products",
    "squares": "inner products and the lengths of samples",
    "rows": "raw activations",
}
NEEDS_NETWORKS = ("training", "images")
"""What parts need that `compare` cannot give them, whatever it compares."""
OF_RUNS = ("matching.positions", "matching.redraws", "alignment.before_activation")
"""Settings that decide what is taken of a run's networks, and so mean nothing for activation files."""
_WIDEST = 100


def overview() -> str:
    """The commands, a line each, and what to do next."""
    lines = ["usage: jaxrepsim COMMAND ...", ""]
    lines += _wrapped("How far do neural networks, trained from different seeds, learn the same representation?", "")
    lines += ["", "commands:"]
    for name, command in COMMANDS.items():
        lines += _entry(name, command.does.partition(". ")[0].rstrip(".") + ".", 10)
    lines += ["", "To begin:"]
    lines += _entry(
        "jaxrepsim run digits_vgg", "three small networks trained, compared and reported, in two minutes", 40
    )
    lines += _entry("jaxrepsim compare a.npz b.npz", "networks of your own, from saved activations", 40)
    lines += _entry("jaxrepsim COMMAND --help", "what a command takes", 40)
    lines += _entry("jaxrepsim --version", "which version this is", 40)
    return "\n".join(lines)


def page(name: str, topic: str | None = None, settings: Any = None) -> str:
    """What a command takes.

    Args:
        name: Of the command.
        topic: A group of settings, or `ALL`; by default the command's own options, and a line for each group.
        settings: The values that hold where an option is not given; by default the command's own.

    Returns:
        The text.

    Raises:
        InputError: It has no such group of settings.
    """
    command = COMMANDS[name]
    groups = _groups(command, settings or command.settings)
    if topic is not None:
        if topic not in (ALL, *groups):
            raise unknown("group of settings", topic, [ALL, *groups])
        pages = [
            [*_wrapped(f"{group}: {subject}", ""), *lines]
            for group, (subject, lines) in groups.items()
            if topic in (ALL, group)
        ]
        return "\n\n".join("\n".join(lines) for lines in pages)
    before = f"jaxrepsim {name} {command.takes}".rstrip()
    lines = [f"usage: {before} [--OPTION VALUE ...]", "", *_wrapped(command.does, ""), "", "options:"]
    own, of_all = options_of(command.options()), options_of(Talk())
    lines += _listed(command.options(), [*(own[field] for field in own if field not in of_all), *of_all.values()])
    if groups:
        of_config = " CONFIG" if "CONFIG" in command.takes else ""
        first = f"settings, --GROUP.NAME VALUE. `jaxrepsim {name}{of_config} --help GROUP` lists those of a group"
        lines += [
            "",
            *_wrapped(f"{first}{', with their values in a config' * bool(of_config)}; `--help all`, all:", ""),
        ]
        for group, (subject, _) in groups.items():
            lines += _entry(group, textwrap.shorten(subject, _width() - 22, placeholder=" …"), 20)
    return "\n".join(lines)


def configs(shipped: Iterable[Shipped]) -> str:
    """The configs that come with the package: what each does, and how long it takes."""
    lines = ["`jaxrepsim run NAME` runs one of these; the file itself says more."]
    for config in shipped:
        lines += [f"\n{config.name}  [{config.time}]", *_wrapped(config.does, " " * 4)]
    return "\n".join(lines)


def measures(table: Mapping[str, Measure]) -> str:
    """The table of measures: what each is, and how to read it."""
    lines = ["`--measures.names` of a run and `compare(measures=...)` take these names; docs/measures.md says more."]
    for name, measure in table.items():
        low, high = (f"{end:.3g}" for end in measure.range)
        metric = ", a metric" if measure.metric else ""
        order = "" if measure.symmetric else ", not symmetric"
        unchanged = ", ".join(each.replace("_", " ") for each in sorted(measure.invariances))
        said = f"Needs {_NEEDS[measure.needs]}. Unchanged by: {unchanged}. Where nothing is shared: {measure.bias}."
        lines += [f"\n{name}  [{measure.kind}, {low} to {high}{metric}{order}]", *_wrapped(said, " " * 4)]
        lines += _wrapped(measure.source, " " * 4)
    return "\n".join(lines)


def _groups(command: Command, settings: Any) -> dict[str, tuple[str, list[str]]]:
    """The groups of settings that a command can use: what each is about, and its options."""
    if settings is None:
        return {}
    found: dict[str, tuple[str, list[str]]] = {}
    of_run = any(field.name == "training" for field in dataclasses.fields(settings))
    for field in dataclasses.fields(settings):
        part = getattr(settings, field.name)
        if not dataclasses.is_dataclass(part):
            continue
        options = [
            option._replace(field=f"{field.name}.{option.field}")
            for option in options_of(part).values()
            if of_run or f"{field.name}.{option.field}" not in OF_RUNS
        ]
        if not options or (not of_run and getattr(part, "needs", "") in NEEDS_NETWORKS):
            continue
        subject = " ".join((inspect.getdoc(type(part)) or "").split("\n\n")[0].split())
        found[field.name.replace("_", "-")] = (subject, [*_listed(part, options)])
    return found


def _listed(settings: Any, options: Collection[Option]) -> Iterator[str]:
    texts = _documented(type(settings))
    for option in options:
        given = f"  {option.name} {option.takes}".rstrip()
        value = option.value
        shown = ", ".join(map(str, value)) if isinstance(value, tuple) else "" if value is None else str(value)
        if isinstance(value, bool):
            group, dot, last = option.name.rpartition(".")
            shown = f"on; {group}{dot}no-{last} turns it off" if value else ""
        yield given + (f"  [{shown}]" if shown else "")
        yield from _wrapped(texts.get(option.field.rpartition(".")[2], ""), " " * 6)


def _documented(kind: type) -> dict[str, str]:
    """The text below each field of a dataclass, and of those that it inherits from."""
    texts: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        if not dataclasses.is_dataclass(each):
            continue
        try:
            source = textwrap.dedent(inspect.getsource(each))
        except (OSError, TypeError):  # made where there is no source file
            continue
        (body,) = (node.body for node in ast.parse(source).body if isinstance(node, ast.ClassDef))
        for field, text in pairwise(body):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
                texts[field.target.id] = " ".join(str(ast.literal_eval(text.value)).split())
    return texts


def _entry(name: str, text: str, column: int) -> list[str]:
    """A name, and beside it a text."""
    first, *rest = _wrapped(text, " " * (column + 2)) or [""]
    return [f"  {name:<{column - 1}} {first.lstrip()}".rstrip(), *rest]


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text, _width(), initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _width() -> int:
    return max(40, min(shutil.get_terminal_size().columns, _WIDEST))
