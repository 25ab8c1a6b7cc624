"""How a command ends: its exit status, and what it says to the user."""

import errno
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path

import jax
from rich.console import Console

from jaxrepsim import preemption
from jaxrepsim.errors import InputError
from jaxrepsim.files import is_disk_full

_GOES_ON = "the same command goes on where this one stopped"


def exit_status(work: Callable[[], object]) -> int:
    """Does some work, and says on the error stream what ended it early.

    Args:
        work: What to do. SIGTERM is heeded meanwhile: it ends at a place from which it can go on.

    Returns:
        The exit status: 0; 2 where the input is at fault, or the disk is full, which one message says; 130 where the
        user interrupted; 141 where nobody reads the output any more, as with `| head`; 143 for SIGTERM.
    """
    try:
        with preemption.heeded():
            try:
                work()
            finally:
                sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more when it ends, and would say that this failed too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except preemption.Preempted as error:
        return _message(f"{error}; {_GOES_ON}", 143)
    except KeyboardInterrupt:
        return _message(f"interrupted; {_GOES_ON}", 130)
    except InputError as error:
        return _message(f"error: {error}", 2)
    except Exception as error:
        if not is_disk_full(error):
            raise
        full = os.strerror(errno.ENOSPC)
        return _message(f"error: the disk is full: {full} ({error}). Free some space; the same command goes on", 2)
    return 0


def use_compilation_cache() -> None:
    """Programs compiled once are kept between processes, unless the user chose a place or none."""
    if "JAX_COMPILATION_CACHE_DIR" in os.environ or "JAX_ENABLE_COMPILATION_CACHE" in os.environ:
        return
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    # A folder for each machine: what is compiled for one processor may not run on another that shares the home.
    jax.config.update("jax_compilation_cache_dir", str(home / "jaxrepsim" / f"xla-{platform.node()}"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def _message(line: str, status: int) -> int:
    Console(stderr=True).print(line, soft_wrap=True, markup=False, highlight=False)
    return status
