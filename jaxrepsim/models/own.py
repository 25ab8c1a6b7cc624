"""Modules of one's own, Flax Linen or NNX, brought to the form of the package's networks."""

import ast
import inspect
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen, nnx
from flax.core import FrozenDict

from jaxrepsim.errors import InputError, unknown
from jaxrepsim.frameworks.linen import outputs as linen_outputs
from jaxrepsim.frameworks.nnx import outputs as nnx_outputs
from jaxrepsim.models.layers import Activations
from jaxrepsim.models.network import Network
from jaxrepsim.user_code import resolve

SIGNATURE = """a network of your own is a class of Flax Linen, or of Flax NNX with `rngs` in its constructor:

    class MyNet(nn.Module):
        @nn.compact
        def __call__(self, images, train=False):  # (N, H, W, C), or (N, features)
            return logits                         # (N, classes)"""
_TRAINING = ("train", "training")
_INFERENCE = ("deterministic", "use_running_average")
_PROBED = 7  # images: hardly any other axis is as long
_SETTINGS = ("parent", "name", "rngs", "self")


@dataclass(frozen=True)
class OwnNetwork:
    """A module of one's own as a network of the package: see `Network`.

    Whether it trains is said to a module as it wants to hear it: by those of the arguments `train`, `training`,
    `deterministic` and `use_running_average` that its call has, and for NNX by `train()` and `eval()` as well.

    Equal to another of the same class, options and code.
    """

    reference: str
    """`module:class`."""
    options: tuple[tuple[str, Any], ...]
    """Arguments of the class."""
    code: str
    """A check sum of the file in which the class is, without its comments and layout."""
    module: linen.Module = field(compare=False, repr=False)
    """The Linen module, or the NNX module as one."""

    def init(self, rngs: Any, images: Any, /, *, train: bool) -> dict[str, Any]:
        """Variables before training, those without parameters included; see `Network.init`."""
        options = self._with(_of_nnx, train) if self._is_nnx else self._mode(train)
        variables = self.module.init(_streams(rngs), images, **options)
        return {"params": {}, **variables}

    def apply(
        self,
        variables: Any,
        images: Any,
        /,
        *,
        train: bool,
        mutable: Any = False,
        rngs: Any = None,
        before: bool = False,
    ) -> Any:
        """Logits and layers; see `Network.apply`. In training there are no layers.

        Args:
            variables: As of `init`.
            images: (n, h, w, c), or vectors (n, features).
            train: Whether this is training.
            mutable: See `Network.apply`.
            rngs: The PRNG key of `dropout`, from which those of all other names are made.
            before: Passed on to a module whose call knows `before`, as that of the package's networks does.
        """
        streams = _streams(rngs["dropout"]) if rngs else None
        if train:
            options = self._with(_of_nnx, train) if self._is_nnx else self._mode(train)
            found = self.module.apply(variables, images, mutable=mutable, rngs=streams, **options)
            output, updated = found if mutable else (found, {})
            answer = _own_layers(output)[0], OrderedDict()
            return (answer, updated) if mutable else answer
        output, layers = self._captured(variables, images, {"before": True} if before else {})
        logits, own = _own_layers(output)
        if own is not None:
            return logits, own
        return logits, OrderedDict((name, layers[name]) for name in _kept(self, images.shape[1:]))

    @property
    def _is_nnx(self) -> bool:
        return isinstance(self.module, nnx.bridge.ToLinen)

    @property
    def called(self) -> Mapping[str, inspect.Parameter]:
        """The arguments that the module's call has."""
        kind = self.module.nnx_class if isinstance(self.module, nnx.bridge.ToLinen) else type(self.module)
        return inspect.signature(kind.__call__).parameters

    def _mode(self, train: bool) -> dict[str, Any]:
        said = dict.fromkeys(_TRAINING, train) | dict.fromkeys(_INFERENCE, not train)
        return {name: value for name, value in said.items() if name in self.called}

    def _with(self, method: Any, train: bool, **options: Any) -> dict[str, Any]:
        """How `ToLinen` is called, which makes the NNX module anew and gives it to the method."""
        return {"nnx_method": method, "train": train, "options": self._mode(train) | options}

    def _captured(self, variables: Any, images: Any, options: dict[str, Any]) -> tuple[Any, Activations]:
        """The module's output, and that of all modules within it."""
        if self._is_nnx:
            found: Any = self.module.apply(variables, images, **self._with(_captured_of_nnx, False, **options))
            return found
        output, layers, _ = linen_outputs(self.module, variables, images, **self._mode(False), **options)
        return output, layers


@cache
def _kept(network: OwnNetwork, shape: tuple[int, ...]) -> list[str]:
    """The layers that can be compared: floating, of two to four axes, the first of them that of the images.

    A module that hands on what came in, as dropout does outside of training, is none of them.
    """
    kept: list[str] = []

    def probe(images: Any) -> None:
        _, layers = network._captured(network.init(jax.random.key(0), images, train=False), images, {})
        seen = {id(images)}
        for name, values in layers.items():
            if id(values) not in seen and _comparable(values):
                kept.append(name)
            seen.add(id(values))

    jax.eval_shape(probe, jax.ShapeDtypeStruct((_PROBED, *shape), jnp.float32))
    return kept


def _comparable(values: Any) -> bool:
    shape, dtype = jnp.shape(values), jnp.result_type(values)
    return 2 <= len(shape) <= 4 and shape[0] == _PROBED and jnp.issubdtype(dtype, jnp.floating)


def _of_nnx(module: Any, images: Any, train: bool, options: dict[str, bool]) -> Any:
    module.train() if train else module.eval()
    return module(images, **options)


def _captured_of_nnx(module: Any, images: Any, train: bool, options: dict[str, bool]) -> Any:
    module.train() if train else module.eval()
    return nnx_outputs(module, images, **options)


def _streams(key: Any) -> dict[str, Any]:
    """Keys for what a module may ask for: Linen and NNX take the second or third for a name that is not there."""
    return {"dropout": key, "params": jax.random.fold_in(key, 1), "default": jax.random.fold_in(key, 2)}


def _own_layers(output: Any) -> tuple[Any, Activations | None]:
    """Logits, and the layers that the module itself returns, where it does."""
    if isinstance(output, tuple) and len(output) == 2 and isinstance(output[1], Mapping):
        return output[0], OrderedDict(output[1])
    return output, None


def load(reference: str, options: Mapping[str, Any]) -> OwnNetwork:
    """The network of a class of one's own.

    Args:
        reference: `module:class`; see `jaxrepsim.user_code`.
        options: Arguments of the class.

    Returns:
        The network, nothing computed.

    Raises:
        InputError: There is no such class, or it is none of Flax; it does not take an option, or needs another, or
            cannot be made with those given.
    """
    kind = resolve(reference)
    if not isinstance(kind, type) or not issubclass(kind, linen.Module | nnx.Module):
        what = f"the class {kind.__name__}" if isinstance(kind, type) else f"a {type(kind).__name__}"
        raise InputError(f"{reference} is {what}; {SIGNATURE}")
    parameters = inspect.signature(kind.__init__).parameters  # a metaclass hides those of the class
    _check_options(reference, parameters, options)
    frozen = tuple(sorted(options.items()))
    module: linen.Module
    try:
        if issubclass(kind, nnx.Module):
            module = nnx.bridge.ToLinen(
                kind, kwargs=FrozenDict(options), skip_rng="rngs" not in parameters, metadata_fn=None
            )
        else:
            module = kind(**options)
    except Exception as error:
        raise InputError(f"{reference} cannot be made with {dict(options)}: {error}") from error
    return OwnNetwork(reference, frozen, _check_sum(kind), module)


def _check_options(reference: str, parameters: Mapping[str, inspect.Parameter], options: Mapping[str, Any]) -> None:
    kinds = inspect.Parameter
    named = {
        name: parameter
        for name, parameter in parameters.items()
        if name not in _SETTINGS and parameter.kind not in (kinds.VAR_POSITIONAL, kinds.VAR_KEYWORD)
    }
    if not any(parameter.kind is kinds.VAR_KEYWORD for parameter in parameters.values()):
        for name in options:
            if name not in named:
                raise unknown(f"option of {reference}:", name, named)
    missing = [name for name, each in named.items() if each.default is kinds.empty and name not in options]
    if missing:
        raise InputError(f"{reference} needs {', '.join(missing)}: model.options={{{missing[0]!r}: ...}}")


def _check_sum(kind: type) -> str:
    try:
        text = Path(inspect.getfile(kind)).read_text(encoding="utf-8")
    except (OSError, TypeError):  # a class that is in no file
        return ""
    return f"{zlib.crc32(ast.unparse(ast.parse(text)).encode()):08x}"


def check(network: Network, shape: tuple[int, ...], classes: int, before: bool = False) -> None:
    """Checks that a network answers to images of a size with logits and layers. Nothing is computed.

    Args:
        network: Any. Of the package's, only that it is for images.
        shape: (height, width, channels) of an image, or (features,) of a vector.
        classes: How many logits there must be.
        before: Whether layers before their nonlinearity will be asked for.

    Raises:
        InputError: The module fails, its output is other than logits, it has no layer or no weights, or it changes its
            variables to others; the network is for images, and the data are vectors.
    """
    if not isinstance(network, OwnNetwork):
        if len(shape) != 3:
            raise InputError(
                f"the package's networks are for images, and the data are vectors of {shape[0]} features; {SIGNATURE}"
            )
        return
    if before and "before" not in network.called:
        raise InputError(
            f"alignment.before_activation asks for layers before their nonlinearity: only a network whose call has an "
            f"argument `before`, and that returns (logits, layers), can give them; {network.reference} cannot"
        )
    images = jax.ShapeDtypeStruct((_PROBED, *shape), jnp.float32)
    key = jax.random.key(0)

    def in_training(variables: Any, images: Any) -> Any:
        mutable = [name for name in variables if name != "params"]
        return network.apply(variables, images, train=True, mutable=mutable or ["batch_stats"], rngs={"dropout": key})

    def evaluated(variables: Any, images: Any) -> Any:
        return network.apply(variables, images, train=False, before=before)

    try:
        variables = jax.eval_shape(lambda images: network.init(key, images, train=False), images)
        logits, layers = jax.eval_shape(evaluated, variables, images)
        (trained, _), updated = jax.eval_shape(in_training, variables, images)
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            f"{network.reference} fails on inputs of the shape {images.shape}: {type(error).__name__}: {error}"
        ) from error
    for output in (logits, trained):
        if getattr(output, "shape", None) != (_PROBED, classes) or not jnp.issubdtype(output.dtype, jnp.floating):
            raise InputError(
                f"{network.reference} must give logits ({_PROBED}, {classes}) for {_PROBED} inputs and {classes} "
                f"classes; it gives {_described(output)}; {SIGNATURE}"
            )
    if not layers:
        raise InputError(f"{network.reference} has no layer whose output has two to four axes, the first the images")
    for name, values in layers.items():
        if not _comparable(values):
            raise InputError(
                f"layer {name!r} of {network.reference} is {_described(values)} for {_PROBED} inputs; it must be "
                "floating: (N, units), (N, tokens, units) or (N, H, W, units)"
            )
    if not jax.tree.leaves(variables["params"]):
        raise InputError(f"{network.reference} has no weights: nothing can be trained")
    changed = {name: variables.get(name) for name in updated}
    if jax.tree.map(_form, changed) != jax.tree.map(_form, dict(updated)):
        raise InputError(
            f"a call of {network.reference} in training gives its variables ({', '.join(updated)}) another form than "
            "they have at first; one that stays is needed"
        )


def _form(leaf: Any) -> tuple[Any, Any]:
    return leaf.shape, leaf.dtype


def _described(output: Any) -> str:
    if hasattr(output, "shape"):
        return f"{output.dtype} of the shape {output.shape}"
    return f"a {type(output).__name__}"
