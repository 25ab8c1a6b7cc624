"""Compilations dominate the time of the tests.

All workers, and the commands they start, share one cache of programs on disk. Most programs are compiled with little
optimisation, which halves the time: they run once, on a few numbers.
"""

import gc
import os
from collections.abc import Callable
from pathlib import Path

import jax
import pytest
from filelock import FileLock

from tests.programs import free_where_many

CACHE = os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path(__file__).parent.parent / ".jax_cache"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
# JAX may have read its environment already.
jax.config.update("jax_compilation_cache_dir", CACHE)
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)

if not hasattr(jax, "enable_x64"):  # before JAX 0.8; the tests write it as one does since
    jax.enable_x64 = jax.experimental.enable_x64

if jax.__version_info__ < (0, 11):  # later ones have no other emitters
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_use_fusion_emitters=false"


class _Programs:
    """How programs are compiled, and how many are kept."""

    def pytest_collection_finish(self) -> None:
        # Tracing makes millions of objects that live as long as it does. Looking through all that was imported for
        # what can go, again and again, takes a fifth of its time.
        gc.collect()
        gc.freeze()
        gc.set_threshold(100_000, 20, 20)

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        optimised = item.get_closest_marker("long") is not None  # the long tests have programs as a user has them
        jax.config.update("jax_disable_most_optimizations", not optimised)
        os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] = str(int(not optimised))  # of the commands it starts

    def pytest_runtest_teardown(self) -> None:
        free_where_many()


def pytest_configure(config):
    # Registered, and not written as hooks of this file: these would not be called for the doctests of the package.
    config.pluginmanager.register(_Programs())


@pytest.fixture(scope="session")
def once(tmp_path_factory, worker_id) -> Callable[[str, Callable[[Path], object]], Path]:
    """A function that gives the folder of a name, filled by the first worker that asks for it."""

    def filled(name: str, fill: Callable[[Path], object]) -> Path:
        shared = tmp_path_factory.getbasetemp()
        place = (shared if worker_id == "master" else shared.parent) / name
        place.mkdir(exist_ok=True)
        with FileLock(place / "lock"):
            if not (place / "done").exists():
                fill(place / "run")
                (place / "done").touch()
        return place / "run"

    return filled
