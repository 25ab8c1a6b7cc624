"""The one error a user is meant to read."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import SequenceMatcher

SHOWN = 50
"""As many names as a message lists."""


class InputError(ValueError):
    """Something the user gave cannot be used. The message says what was received and what to do.

    The command line prints it without a traceback and exits with status 2.
    """


class MissingPackageError(ModuleNotFoundError, InputError):
    """A package is missing that an extra of this one brings; see `jaxrepsim.extras`."""


class FewSamplesWarning(UserWarning):
    """Fewer samples than ten a unit: part of what matches does so by chance."""


def unknown(kind: str, received: str, known: Iterable[str]) -> InputError:
    """The error for a name that is not among the `known` ones, with the nearest of them.

    Args:
        kind: What the name stands for, in the user's words ("model", "layer").
        received: The name as given.
        known: The names there are.

    Returns:
        An `InputError` to raise.

    >>> print(unknown("model", "vgg12", ["vgg19", "vgg11", "resnet18"]))
    unknown model 'vgg12'; did you mean 'vgg11'? Known: vgg19, vgg11, resnet18
    """
    names = list(known)
    near = nearest(received, names)
    several = [part.strip() for part in received.split(",")]
    if len(several) > 1 and set(several) <= set(names):
        hint = f"several are separated by spaces: {' '.join(several)}. "
    else:
        hint = f"did you mean {near!r}? " if near else ""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return InputError(f"unknown {kind} {received!r}; {hint}Known: {', '.join(names[:SHOWN])}{more}")


@contextmanager
def said_of(what: object) -> Iterator[None]:
    """Begins the message of an `InputError` that the block raises with what it is about.

    Args:
        what: Such as the path of a file.

    >>> with said_of("a.py"):
    ...     raise InputError("no config")
    Traceback (most recent call last):
    jaxrepsim.errors.InputError: a.py: no config
    """
    try:
        yield
    except InputError as error:
        raise InputError(f"{what}: {error}") from error


def nearest(received: str, known: Iterable[str]) -> str | None:
    """The name that was probably meant: the most alike in letters; of equals the nearest in numbers, then the first.

    Args:
        received: The name as given.
        known: The names there are.

    Returns:
        One of them, or None where none is alike.

    >>> nearest("VGG12", ["vgg19", "vgg11"]), nearest("digits", ["vgg11"])
    ('vgg11', None)
    """
    alike = [(_likeness(name, received), -_gap(name, received), name) for name in known]
    likeness, _, best = max(alike, key=lambda each: each[:2], default=(0.0, 0.0, None))
    return best if likeness >= 0.5 else None


def _likeness(name: str, received: str) -> float:
    return SequenceMatcher(None, name.casefold(), received.casefold()).ratio()


def _gap(name: str, received: str) -> float:
    """How far apart the numbers in two names are."""
    here, there = ([int(number) for number in re.findall("[0-9]+", text)] for text in (name, received))
    return sum(abs(a - b) for a, b in zip(here, there, strict=True)) if len(here) == len(there) else float("inf")


class IllConditionedWarning(UserWarning):
    """Units so nearly dependent that the dtype cannot tell their residuals as well as is promised."""
