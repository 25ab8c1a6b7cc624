"""Batches of images decoded ahead of time by Grain, in threads or processes."""

import atexit
import gc
import os
import signal
import sys
import threading
import weakref
from collections.abc import Generator
from multiprocessing import parent_process
from typing import Protocol

import numpy as np

from jaxrepsim.errors import InputError

THREADS = min(os.cpu_count() or 1, 16)
"""Images decoded at once in one process: Pillow lets go of Python's lock while it decodes and resizes."""
_SHARED_MEMORY = "/dev/shm"

Batches = Generator[tuple[np.ndarray, np.ndarray], None, None]
_open: "weakref.WeakSet[Batches]" = weakref.WeakSet()


class Source(Protocol):
    """Batches by their index: images (b, h, w, c), uint8, and labels (b,), a function of the index alone."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]: ...


@atexit.register
def _close_all() -> None:
    """Iterators that nobody closed: later, when Python takes itself apart, they no longer can be."""
    for batches in list(_open):
        batches.close()


def prefetch(source: Source, workers: int, batch_bytes: int) -> Batches:
    """All batches of a source in order, the next ones decoded meanwhile.

    Each thread or process makes whole batches, so that little goes between processes and the result does not depend on
    how many there are.

    Args:
        source: Can be pickled where there are workers.
        workers: How many processes decode; 0 for threads of this one.
        batch_bytes: Size of a batch of images.

    Returns:
        An iterator of images and labels, which is best closed where it ends early; that ends the workers.

    Raises:
        InputError: On iteration: what the source raises, or a worker died.
    """
    batches = _prefetch(source, min(workers, len(source)), batch_bytes)
    _open.add(batches)
    return batches


def _prefetch(source: Source, workers: int, batch_bytes: int) -> Batches:
    import grain
    from absl import flags

    if not flags.FLAGS.is_parsed():
        flags.FLAGS.mark_as_parsed()  # Grain asks them for settings also in a program that has no absl flags.
    threads = 0 if workers else min(THREADS, len(source))
    options = grain.ReadOptions(num_threads=threads, prefetch_buffer_size=threads)
    batches = grain.MapDataset.source(source).to_iter_dataset(options)
    if workers:
        sharing = grain.experimental.DatasetOptions(min_shm_size=_smallest_shared(workers, batch_bytes))
        batches = grain.experimental.WithOptionsIterDataset(batches, sharing)
        batches = batches.mp_prefetch(grain.MultiprocessingOptions(num_workers=workers), worker_init_fn=_start_worker)
    iterator = iter(batches)
    try:
        for images, labels in iterator:
            # Out of shared memory, which is then freed here and not whenever the device lets go of it.
            yield (np.array(images), np.array(labels)) if workers else (images, labels)
    except RuntimeError as error:
        raise InputError(
            f"a process that decodes images for training ended: {error} Fewer data.workers need less memory (0 uses"
            " threads); a script that trains with workers needs `if __name__ == '__main__':` before its work"
        ) from error
    finally:
        iterator.close()
        if workers:
            del iterator
            gc.collect()  # It is part of a cycle, and holds batches in shared memory.


def _smallest_shared(workers: int, batch_bytes: int) -> int:
    """From how many bytes on arrays go through shared memory; where there is little (in a container), through pipes.

    Writing more than there is ends a process without a word.
    """
    try:
        free = os.statvfs(_SHARED_MEMORY).f_frsize * os.statvfs(_SHARED_MEMORY).f_bavail
    except OSError:
        return 0
    return 0 if free > 4 * workers * batch_bytes else sys.maxsize


def _start_worker(index: int, count: int) -> None:
    """What a worker does first: it lives as long as its parent, whatever signals a scheduler or Ctrl-C sends to all."""
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_with_parent() -> None:
    """A parent that is killed tells nobody."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
