"""The same work many times: one after the other, or side by side, as the hardware has it."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from jaxrepsim._typing import Array, Int

CHUNK_BYTES = 2**30
"""What the searches that go side by side on an accelerator may take."""


def side_by_side(search: Callable, arguments: Any, each: int, count: Int[Array, ""] | int | None = None) -> Any:
    """`search` for every row of the arguments.

    Args:
        search: Takes one row of each.
        arguments: A pytree of arrays, batched along the first axis.
        each: Bytes that one search works on.
        count: How many rows there are, where those after them are padding; the results of these mean nothing.

    Returns:
        The results, stacked. One after the other on a CPU, where that is fastest; elsewhere in chunks that fit in
        memory.
    """
    chunk = max(1, CHUNK_BYTES // max(each, 1))

    def one_by_one(arguments: Any) -> Any:
        if count is None:
            return jax.lax.map(search, arguments)

        def put(row: Array, results: Any) -> Any:
            found = search(jax.tree.map(lambda a: a[row], arguments))
            return jax.tree.map(lambda all_, one: all_.at[row].set(one), results, found)

        rows = len(jax.tree.leaves(arguments)[0])
        shapes = jax.eval_shape(search, jax.tree.map(lambda a: a[0], arguments))
        empty = jax.tree.map(lambda shape: jnp.zeros((rows, *shape.shape), shape.dtype), shapes)
        return jax.lax.fori_loop(0, count, put, empty)

    if jax.default_backend() == "cpu":  # the other way need not even be traced
        return one_by_one(arguments)
    return jax.lax.platform_dependent(
        arguments,
        cpu=one_by_one,
        default=lambda arguments: jax.lax.map(search, arguments, batch_size=chunk),
    )


def for_each(program: Callable, jobs: Sequence[tuple]) -> list:
    """`program(*job)` for every job, none of them waited for.

    Args:
        program: A compiled function of the module's.
        jobs: Pytrees of concrete arrays; to batch them those of the same shapes are stacked.

    Returns:
        The results. On a CPU each job is a call of its own, and they run beside one another as cores are free;
        elsewhere those of the same shapes are one batch, whose loops they share.
    """
    return [program(*job) for job in jobs] if jax.default_backend() == "cpu" else batched(program, jobs)


def batched(program: Callable, jobs: Sequence[tuple]) -> list:
    """`for_each`, in batches."""
    alike: dict[Any, list[int]] = {}
    for place, job in enumerate(jobs):
        leaves, structure = jax.tree.flatten(job)
        alike.setdefault((structure, tuple((a.shape, a.dtype) for a in leaves)), []).append(place)
    results: list = [None] * len(jobs)
    for places in alike.values():
        found = _batch(program, tuple(jobs[place] for place in places))
        for place, result in zip(places, found, strict=True):
            results[place] = result
    return results


@partial(jax.jit, static_argnames="program")
def _batch(program: Callable, jobs: tuple[tuple, ...]) -> list:
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *jobs)
    each = 3 * sum(leaf.nbytes for leaf in jax.tree.leaves(jobs[0]))
    found = side_by_side(lambda job: program(*job), stacked, each)
    leaves, structure = jax.tree.flatten(found)
    return [structure.unflatten(row) for row in zip(*leaves, strict=True)]
