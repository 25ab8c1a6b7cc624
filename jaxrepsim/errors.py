"""The one error a user is meant to read."""

from collections.abc import Iterable
from difflib import get_close_matches


class InputError(ValueError):
    """Something the user gave cannot be used. The message says what was received and what to do.

    The command line prints it without a traceback and exits with status 2.
    """


def unknown(kind: str, received: str, known: Iterable[str]) -> InputError:
    """The error for a name that is not among the `known` ones, with the nearest of them.

    Args:
        kind: What the name stands for, in the user's words ("model", "layer").
        received: The name as given.
        known: The names there are.

    Returns:
        An `InputError` to raise.

    >>> print(unknown("model", "vgg1", ["vgg11", "resnet18"]))
    unknown model 'vgg1'; did you mean 'vgg11'? Known: vgg11, resnet18
    """
    names = list(known)
    near = get_close_matches(received, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return InputError(f"unknown {kind} {received!r}; {hint}Known: {', '.join(names)}")


class FewSamplesWarning(UserWarning):
    """Fewer samples than ten a unit: part of what matches does so by chance."""
