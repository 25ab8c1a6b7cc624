"""What loops begin with, inside `jax.shard_map`."""

from typing import Any

import jax

from jaxrepsim._typing import Array


def varying_like(values: Any, *references: Array) -> Any:
    """The values, marked as differing between devices along every axis along which the references do.

    Inside `shard_map` what a loop carries must have one type, and a constant that it begins with has not that of what
    it becomes. Elsewhere this does nothing.

    Args:
        values: A pytree of arrays.
        *references: Arrays that what the values become depends on.
    """
    axes = frozenset().union(*(_axes(reference) for reference in references))

    def mark(value: Array) -> Array:
        missing = tuple(sorted(axes - _axes(value)))
        return _varying(value, missing) if missing else value

    return jax.tree.map(mark, values) if axes else values


def _varying(value: Array, axes: tuple[str, ...]) -> Array:
    if hasattr(jax.lax, "pcast"):
        return jax.lax.pcast(value, axes, to="varying")
    # Its name up to JAX 0.8.1.
    return jax.lax.pvary(value, axes)  # pyright: ignore[reportAttributeAccessIssue]


def _axes(value: Array) -> frozenset[str]:
    kind = jax.typeof(value)
    # The name has changed between versions of JAX.
    return getattr(kind, "vma", None) or getattr(getattr(kind, "mat", None), "varying", frozenset())
