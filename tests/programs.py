"""How much of compiled programs a process keeps, and what it takes in all."""

import ctypes
import gc
import os
from itertools import count
from pathlib import Path

import jax

MEMORY = 1_200_000_000
"""Bytes of a process above which it lets go of its programs; those used again come back from the cache on disk."""
MAPPINGS = 30_000
"""Each program holds some four memory mappings, and Linux gives a process 65,530: then compilers crash."""
COUNTED = 16
"""Every so many times the mappings are counted: to list tens of thousands takes longer than most tests."""
_limit = MEMORY
_turns = count(1)


def free_where_many() -> None:
    """Lets go of all compiled programs where they take much."""
    global _limit
    if _resident() > _limit or (next(_turns) % COUNTED == 0 and _mappings() > MAPPINGS):
        jax.clear_caches()
        gc.collect()
        if hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
            libc.malloc_trim(0)  # else what is free stays with the process
        # What is not programs stays, and is no reason to let go of them again and again.
        _limit = max(MEMORY, _resident() + MEMORY // 8)


def resources() -> tuple[int, float]:
    """Memory mappings and MiB in memory of this process, once what nobody holds is gone."""
    gc.collect()
    return _mappings(), _resident() / 2**20


def _resident() -> int:
    """Bytes of this process in memory; 0 where the system does not say."""
    file = Path("/proc/self/statm")
    return int(file.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if file.exists() else 0


def _mappings() -> int:
    file = Path("/proc/self/maps")
    return file.read_bytes().count(b"\n") if file.exists() else 0
