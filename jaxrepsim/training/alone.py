"""Orbax in one of several processes that each have checkpoints of their own."""

from collections.abc import Iterator
from contextlib import contextmanager

import jax


@contextmanager
def alone() -> Iterator[None]:
    """Within the block Orbax takes this process for the only one.

    Where JAX has several processes, Orbax writes what all of them hold together: each would wait for the others, and
    only the first writes arrays that are its own (its handlers compare with process 0, whatever `primary_host` says).
    Here a network belongs to one process. JAX itself does not look at what is replaced.
    """
    counts = jax.process_count, jax.process_index
    jax.process_count, jax.process_index = (lambda *_: 1), (lambda *_: 0)
    try:
        yield
    finally:
        jax.process_count, jax.process_index = counts
