"""Compilations dominate the time of the tests: all workers, and the commands they start, share one cache of them."""

import gc
import os
from pathlib import Path

import jax

# Hardly optimised programs compile in half the time, and on the small arrays of the tests run as fast.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")
CACHE = os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path(__file__).parent.parent / ".jax_cache"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
# JAX may have read its environment already.
jax.config.update("jax_compilation_cache_dir", CACHE)
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)

MAPPINGS = 30_000
"""Each compiled program holds some four memory mappings, and Linux gives a process 65,530: then compilers crash."""


class _FreesPrograms:
    """Lets go of compiled programs when they are many; those used again come back from the cache on disk."""

    def __init__(self):
        self.tests = 0

    def pytest_runtest_teardown(self):
        self.tests += 1
        maps = Path("/proc/self/maps")
        if self.tests % 20 == 0 and maps.exists() and len(maps.read_bytes().splitlines()) > MAPPINGS:
            jax.clear_caches()
            gc.collect()


def pytest_configure(config):
    # Registered, and not written as hooks of this file: these would not be called for the doctests of the package.
    config.pluginmanager.register(_FreesPrograms())
