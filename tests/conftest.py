"""Compilations dominate the time of the tests.

All workers, and the commands they start, share one cache of programs on disk. Most programs are compiled with little
optimisation, which halves the time: they run once, on a few numbers.
"""

import ctypes
import gc
import os
from pathlib import Path

import jax
import pytest

CACHE = os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path(__file__).parent.parent / ".jax_cache"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
# JAX may have read its environment already.
jax.config.update("jax_compilation_cache_dir", CACHE)
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)

if jax.__version_info__ < (0, 11):  # later ones have no other emitters
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_use_fusion_emitters=false"

MEMORY = 1_200_000_000
"""Bytes of a worker above which it lets go of compiled programs; those used again come back from the cache on disk."""
MAPPINGS = 30_000
"""Each program holds some four memory mappings, and Linux gives a process 65,530: then compilers crash."""


class _Programs:
    """How programs are compiled, and how many are kept."""

    def __init__(self) -> None:
        self.limit = MEMORY

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        optimised = item.get_closest_marker("long") is not None  # the long tests have programs as a user has them
        jax.config.update("jax_disable_most_optimizations", not optimised)
        os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "0" if optimised else "1"  # of the commands it starts

    def pytest_runtest_teardown(self) -> None:
        if _resident() > self.limit or _mappings() > MAPPINGS:
            jax.clear_caches()
            gc.collect()
            if hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
                libc.malloc_trim(0)
            # What is not programs stays, and is no reason to let go of them after every test.
            self.limit = max(MEMORY, _resident() + MEMORY // 8)


def _resident() -> int:
    """Bytes of this process in memory; 0 where the system does not say."""
    file = Path("/proc/self/statm")
    return int(file.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if file.exists() else 0


def _mappings() -> int:
    file = Path("/proc/self/maps")
    return file.read_bytes().count(b"\n") if file.exists() else 0


def pytest_configure(config):
    # Registered, and not written as hooks of this file: these would not be called for the doctests of the package.
    config.pluginmanager.register(_Programs())
