"""Large sets, shard by shard: from images that lie in a plain tar file to array_record files.

tensorflow-datasets sorts a set's examples by the hash of their keys. Its own writer sorts them in files as large as the
set. Here the order is found from the names alone, and each shard's images are then read from where they lie in the tar
file: the same examples in the same shards, one shard in memory at a time, and nothing but the set on disk. A shard is
written under a temporary name and renamed, so what was interrupted goes on after the last whole shard.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxrepsim.data.preparation.shard_plan import Images, Plan, Repair, plan, read
from jaxrepsim.data.preparation.writing import Request, check_room
from jaxrepsim.data.progress import patient
from jaxrepsim.errors import InputError
from jaxrepsim.files import atomic_path

if TYPE_CHECKING:
    from tensorflow_datasets.core import DatasetBuilder

COLLECTED = "collected"
"""How the names of the files begin that `collect` keeps while a set is prepared."""

_READERS = 8
"""Reads at a time: disks over a network answer slowly, but many at once."""


def write(
    builder: "DatasetBuilder",
    collect: Callable[[Path], Mapping[str, Images]],
    request: Request,
    repairs: Mapping[str, Repair] | None = None,
) -> None:
    """Prepares a set, or goes on where an earlier call was stopped.

    The work is done in a folder beside the set's, which takes its name when all shards and the description are there.
    Two processes do not work at once: the second waits, and then finds the set.

    Args:
        builder: tensorflow-datasets' own, of which name, version, configuration and features are taken.
        collect: Called as `collect(folder)`; says where the images of each split lie. What it keeps in the folder, in
            files whose names begin with `COLLECTED`, is there again when the work goes on, and gone at the end.
        request: What is prepared, and where.
        repairs: What is done to the bytes of certain images, by name.

    Raises:
        InputError: There is too little space, or a file cannot be read or written.
    """
    repairs = repairs or {}
    final = Path(os.fspath(builder.data_path))
    place = final.with_name(f"incomplete.{final.name}")
    lock = place.with_name(f"{place.name}.lock")
    with_names = "file_name" in _features(builder)
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        with _locked(lock, request):
            if not final.exists():
                splits = collect(place)
                plans = {split: plan(split, images, repairs, with_names) for split, images in splits.items()}
                _write_shards(builder, place, splits, plans, request, repairs)
                _describe(builder, place, plans)
                for leftover in place.glob(f"{COLLECTED}*"):
                    leftover.unlink()
                place.rename(final)
        lock.unlink(missing_ok=True)
    except (OSError, RuntimeError) as error:  # array_record raises RuntimeError where a disk is full
        raise InputError(
            f"cannot prepare {builder.info.full_name} in {request.directory}: {error}; what is there is kept, and the"
            " next preparation goes on from it"
        ) from error


@contextmanager
def _locked(lock: Path, request: Request) -> Iterator[None]:
    from filelock import FileLock, Timeout

    guard = FileLock(lock)
    try:
        guard.acquire(timeout=0)
    except Timeout:
        request.say(f"another process prepares the set in {lock.parent}; waiting for it")
        guard.acquire()
    try:
        yield
    finally:
        guard.release()


def _write_shards(
    builder: "DatasetBuilder",
    place: Path,
    splits: Mapping[str, Images],
    plans: Mapping[str, Plan],
    request: Request,
    repairs: Mapping[str, Repair],
) -> None:
    """Writes the shards that are not there yet."""
    from tensorflow_datasets.core import FileFormat, file_adapters

    name = builder.info.full_name
    work = {
        _shard(builder, place, split, number, len(planned.lengths)): (split, planned.order[first:last])
        for split, planned in plans.items()
        for number, (first, last) in enumerate(pairwise(planned.bounds))
    }
    place.mkdir(exist_ok=True)
    for path in place.iterdir():
        if path not in work and not path.name.startswith(COLLECTED):
            path.unlink()  # what a killed process was writing
    finished = [path for path in work if path.exists()]
    size = sum(planned.on_disk for planned in plans.values())
    room = check_room(request.directory, size, sum(path.stat().st_size for path in finished))
    total, done = sum(len(planned.order) for planned in plans.values()), 0
    request.say(f"{name}: {total:,} images in {len(work)} shards, {room}")
    if finished:
        request.say(f"{name}: goes on after {len(finished)} finished shards")
    report = patient(request.progress)
    adapter = file_adapters.ADAPTER_FOR_FORMAT[FileFormat.ARRAY_RECORD]
    for path, (split, rows) in work.items():
        if path not in finished:
            with atomic_path(path) as temporary:
                adapter.write_examples(temporary, _records(builder, splits[split], rows, repairs))
        done += len(rows)
        report(f"preparing {name}", done, total)


def _records(
    builder: "DatasetBuilder", images: Images, rows: np.ndarray, repairs: Mapping[str, Repair]
) -> Iterator[tuple[int, bytes]]:
    """The serialised examples of one shard, as tensorflow-datasets' file adapter takes them."""
    from tensorflow_datasets.core import example_serializer

    features = _features(builder)
    serializer = example_serializer.ExampleSerializer(features.get_serialized_info())
    along = rows[np.argsort(images.offsets[rows])]  # front to back, for disks that turn
    with images.path.open("rb") as handle, ThreadPoolExecutor(_READERS) as pool:
        contents = dict(zip(along, pool.map(lambda row: read(handle, images, row, repairs), along), strict=True))
    for row in rows:
        values = {
            "image": contents.pop(row),
            "label": int(images.labels[row]),
            "file_name": bytes(images.names[row]),
        }
        example: Any = serializer.get_tf_example({key: values[key] for key in features})
        # Else the order of the features in a record differs from process to process.
        yield 0, example.SerializeToString(deterministic=True)


def _features(builder: "DatasetBuilder") -> Any:
    return builder.info.features


def _template(builder: "DatasetBuilder", place: Path, split: str) -> Any:
    from etils import epath
    from tensorflow_datasets.core import naming

    return naming.ShardedFileTemplate(
        data_dir=epath.Path(place), dataset_name=builder.name, split=split, filetype_suffix="array_record"
    )


def _shard(builder: "DatasetBuilder", place: Path, split: str, number: int, count: int) -> Path:
    path = _template(builder, place, split).sharded_filepath(shard_index=number, num_shards=count)
    return Path(os.fspath(path))


def _describe(builder: "DatasetBuilder", place: Path, plans: Mapping[str, Plan]) -> None:
    """Writes what tensorflow-datasets reads a set by: its features, splits and shards."""
    from tensorflow_datasets.core import splits as tfds_splits

    infos = [
        tfds_splits.SplitInfo(
            name=split,
            shard_lengths=planned.lengths,
            num_bytes=planned.size,
            filename_template=_template(builder, place, split),
        )
        for split, planned in plans.items()
    ]
    builder.info.set_splits(tfds_splits.SplitDict(infos))
    builder.info.write_to_directory(place)
