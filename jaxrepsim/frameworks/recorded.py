"""Values within a traced function that come out beside its result, whatever transforms they are under.

A value that is kept in a Python list while JAX traces is of no use outside of the transform that it is under, such as
`jax.vmap(self.linear)(tokens)` within a model. Here it is marked by a primitive that does nothing, whose rule under
`vmap` moves the mapped axis to the front. The program of the whole function then holds the mark with all batch axes,
and is run with the marked values as further results. Marks within `jit` and `checkpoint` are found; those within loops
and branches, where a value is one of many or none, are not.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import Jaxpr, Literal, Primitive
from jax.interpreters import ad, batching, mlir

from jaxrepsim.frameworks.names import first_array

_mark = Primitive("jaxrepsim_mark")
_mark.def_impl(lambda value, **_: value)
_mark.def_abstract_eval(lambda value, **_: value)
mlir.register_lowering(_mark, lambda context, value, **_: [value])
ad.deflinear2(_mark, lambda cotangent, value, **_: [cotangent])
_INLINED = ("jit", "pjit", "closed_call", "checkpoint", "remat", "remat2")


def _mapped(values: Any, axes: Any, *, name: str) -> Any:
    return _mark.bind(jnp.moveaxis(values[0], axes[0], 0), name=name), 0


batching.primitive_batchers[_mark] = _mapped


def mark(name: str, value: jax.Array) -> jax.Array:
    """The value itself, which `recorded` then knows.

    Args:
        name: Under which it comes out.
        value: Of a function that is being traced, of any shape.

    Returns:
        What is to take the place of `value` in the function.
    """
    return _mark.bind(value, name=name)


def marked_output(name: str, output: Any) -> Any:
    """What a call gave, with its first array marked.

    Args:
        name: See `mark`.
        output: See `first_array`.

    Returns:
        The output with that array, wherever it stands, as `mark` gives it.
    """
    array = first_array(output)
    if not isinstance(array, jax.Array):
        return output
    known = mark(name, array)
    return jax.tree.map(lambda leaf: known if leaf is array else leaf, output)


def recorded(function: Callable[..., Any], *args: Any) -> tuple[Any, list[tuple[str, jax.Array]]]:
    """A function's result, and every value that was marked in it.

    Args:
        function: Of pytrees of arrays; it may be traced itself, differentiated and mapped.
        *args: Its arguments.

    Returns:
        The result, and `(name, value)` in the order in which they were computed. Values that are the same array are
        one object.

    >>> recorded(lambda x: 2 * mark("tripled", 3 * x), jnp.ones(2))
    (Array([6., 6.], dtype=float32), [('tripled', Array([3., 3.], dtype=float32))])
    """
    program, shapes = jax.make_jaxpr(function, return_shape=True)(*args)
    found: list[tuple[str, jax.Array]] = []
    results = _run(program.jaxpr, program.consts, jax.tree.leaves(args), found)
    return jax.tree.unflatten(jax.tree.structure(shapes), results), found


def _run(jaxpr: Jaxpr, consts: Any, args: Any, found: list[tuple[str, jax.Array]]) -> list[Any]:
    known: dict[Any, Any] = dict(zip([*jaxpr.constvars, *jaxpr.invars], [*consts, *args], strict=True))

    def value(atom: Any) -> Any:
        return atom.val if isinstance(atom, Literal) else known[atom]

    for equation in jaxpr.eqns:
        values = [value(atom) for atom in equation.invars]
        name, inner = equation.primitive.name, equation.params.get("jaxpr")
        if equation.primitive is _mark:
            found.append((equation.params["name"], values[0]))
            results = values
        elif name in _INLINED and inner is not None and _holds_marks(getattr(inner, "jaxpr", inner)):
            results = _run(getattr(inner, "jaxpr", inner), getattr(inner, "consts", ()), values, found)
        else:
            with equation.ctx.manager:
                results = equation.primitive.bind(*values, **equation.primitive.get_bind_params(equation.params))
            results = results if equation.primitive.multiple_results else [results]
        known.update(zip(equation.outvars, results, strict=True))
    return [value(atom) for atom in jaxpr.outvars]


def _holds_marks(jaxpr: Jaxpr) -> bool:
    inner = (getattr(equation.params.get("jaxpr"), "jaxpr", equation.params.get("jaxpr")) for equation in jaxpr.eqns)
    return any(equation.primitive is _mark for equation in jaxpr.eqns) or any(
        _holds_marks(each) for each in inner if each is not None
    )
