"""Training batches of streamed images, decoded ahead by Grain in threads or processes."""

import atexit
import gc
import os
import signal
import sys
import threading
import weakref
from collections.abc import Generator
from dataclasses import dataclass
from multiprocessing import parent_process
from typing import TYPE_CHECKING

import numpy as np

from jaxrepsim.errors import InputError

if TYPE_CHECKING:
    from jaxrepsim.data.streamed import Streamed

_SHARED_MEMORY = "/dev/shm"

_open: "weakref.WeakSet[Generator[tuple[np.ndarray, np.ndarray], None, None]]" = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    """Iterators that nobody closed: later, when Python takes itself apart, they no longer can be."""
    for batches in list(_open):
        batches.close()


@dataclass(frozen=True)
class _Batches:
    """Grain's random access source: an element is a batch, a function of its index alone."""

    streamed: "Streamed"
    order: np.ndarray  # from batch `first` on
    seed: int
    batch_size: int
    first: int

    def __len__(self) -> int:
        return len(self.order) // self.batch_size

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        rows = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        return self.streamed.random_batch(rows, self.seed, (self.first + index) * self.batch_size)


def feed(
    streamed: "Streamed", order: np.ndarray, seed: int, batch_size: int, first: int
) -> Generator[tuple[np.ndarray, np.ndarray], None, None]:
    """See `Streamed.batches`.

    Each thread or process makes whole batches, so that little goes between processes and the result does not depend on
    how many there are.
    """
    batches = _feed(streamed, order, seed, batch_size, first)
    _open.add(batches)
    return batches


def _feed(
    streamed: "Streamed", order: np.ndarray, seed: int, batch_size: int, first: int
) -> Generator[tuple[np.ndarray, np.ndarray], None, None]:
    import grain
    from absl import flags

    from jaxrepsim.data.streamed import THREADS

    source = _Batches(streamed, np.asarray(order)[first * batch_size :], seed, batch_size, first)
    if not flags.FLAGS.is_parsed():
        flags.FLAGS.mark_as_parsed()  # Grain asks them for settings also in a program that has no absl flags.
    workers = min(streamed.workers, len(source))
    threads = 0 if workers else min(THREADS, len(source))
    options = grain.ReadOptions(num_threads=threads, prefetch_buffer_size=threads)
    batches = grain.MapDataset.source(source).to_iter_dataset(options)
    if workers:
        sharing = grain.experimental.DatasetOptions(min_shm_size=_smallest_shared(streamed, workers, batch_size))
        batches = grain.experimental.WithOptionsIterDataset(batches, sharing)
        batches = batches.mp_prefetch(grain.MultiprocessingOptions(num_workers=workers), worker_init_fn=_begin)
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


def _smallest_shared(streamed: "Streamed", workers: int, batch_size: int) -> int:
    """From how many bytes on arrays go through shared memory; where there is little (in a container), through pipes.

    Writing more than there is ends a process without a word.
    """
    batch = batch_size * int(np.prod(streamed.shape[1:]))
    try:
        free = os.statvfs(_SHARED_MEMORY).f_frsize * os.statvfs(_SHARED_MEMORY).f_bavail
    except OSError:
        return 0
    return 0 if free > 4 * workers * batch else sys.maxsize


def _begin(index: int, count: int) -> None:
    """What a worker does first: it lives as long as its parent, whatever signals a scheduler or Ctrl-C sends to all."""
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A parent that is killed tells nobody."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
