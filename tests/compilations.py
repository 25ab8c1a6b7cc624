"""Counting traces and compilations: a second call of the same shapes must reach neither tracer nor compiler."""

from contextlib import contextmanager

import jax

COMPILED = "/jax/core/compile/backend_compile_duration"
TRACED = "/jax/core/compile/jaxpr_trace_duration"


@contextmanager
def compilations():
    """A list that grows with every program handed to the compiler, from its cache on disk or not."""
    with _events(COMPILED) as seen:
        yield seen


@contextmanager
def traces():
    """A list that grows with every function that is traced, and every program handed to the compiler."""
    with _events(COMPILED, TRACED) as seen:
        yield seen


@contextmanager
def _events(*names):
    seen = []

    def listen(event, duration, **details):
        if event in names:
            seen.append((event, details))

    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        yield seen
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)
