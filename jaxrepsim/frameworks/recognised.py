"""The framework of a model, found without importing one."""

from importlib import import_module
from typing import Any

from jaxrepsim.errors import InputError
from jaxrepsim.frameworks.network import Network

_FRAMEWORKS = {"flax.linen": "linen", "flax.nnx": "nnx", "equinox": "equinox", "torch.nn": "torch"}
"""Where the class `Module` of each framework is, and the file here."""

CALLABLE = """\
    def model(batch):                       # batch: a NumPy array, (n, ...)
        hidden = first(batch)               # (n, units), tokens (n, l, units) or a map (n, h, w, channels)
        output = second(hidden)
        return output, {"hidden": hidden, "output": output}"""
"""A callable that fits, to be copied."""


def framework_of(model: Any) -> str | None:
    """The framework that a model is of.

    Args:
        model: Anything.

    Returns:
        The name of its file here: "linen", "nnx", "equinox", "torch", "callables"; None where it is none of these.

    >>> framework_of(lambda batch: {"all": batch}), framework_of(3)
    ('callables', None)
    """
    if isinstance(model, type):
        return None
    for kind in type(model).__mro__:
        for place, name in _FRAMEWORKS.items():
            if kind.__name__ == "Module" and f"{kind.__module__}.".startswith(f"{place}."):
                wrapped = name == "equinox" and _is_wrapper(type(model))
                return "callables" if wrapped else name
    return "callables" if callable(model) else None


def network_of(model: Any, variables: Any = None) -> Network:
    """A model as its framework's file sees it.

    Args:
        model: Of a framework, or a callable.
        variables: Of Linen the collections, of Equinox the state.

    Returns:
        The network, in inference mode; the model itself stays as it is.

    Raises:
        InputError: It is of no framework and cannot be called, or its variables are missing or not its own.
    """
    name = framework_of(model)
    if name is None:
        received = f"the class {model.__name__}, not an instance" if isinstance(model, type) else type(model).__name__
        raise InputError(
            f"the model is {received}; expected a module of Flax Linen or NNX, Equinox or PyTorch, or a callable "
            f"such as\n\n{CALLABLE}"
        )
    if variables is not None and name not in ("linen", "equinox"):
        raise InputError("`variables` are for Flax Linen modules, and for Equinox modules with a state; leave them out")
    return import_module(f"jaxrepsim.frameworks.{name}").network(model, variables)


def _is_wrapper(kind: type) -> bool:
    """Whether it is one of Equinox's own transforms around a function, such as `filter_jit(f)`."""
    return kind.__module__.startswith("equinox.") and not kind.__module__.startswith("equinox.nn")
