"""Prepared image classification sets of tensorflow-datasets, read without TensorFlow and without a network."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxrepsim.data.dataset import Split
from jaxrepsim.data.open_files import allow_open_files
from jaxrepsim.data.progress import Progress, patient
from jaxrepsim.data.records import CHANNELS, Columns, damaged, decoded, open_records, parsed, unreadable
from jaxrepsim.data.splits import Piece, pieces
from jaxrepsim.data.streamed import Streamed
from jaxrepsim.errors import InputError

if TYPE_CHECKING:
    from tensorflow_datasets.core import DatasetBuilder

_RECORDS = 1000  # read at a time: large enough that the reader's own cost vanishes, small enough to report progress


def load(builder: "DatasetBuilder", specs: Sequence[str], progress: Progress | None = None) -> tuple[list[Split], int]:
    """Reads splits of a prepared set whole.

    Args:
        builder: What `lookup.find` returned.
        specs: Splits in the slicing language of tensorflow-datasets.
        progress: Called now and then where reading takes more than two seconds.

    Returns:
        The splits, images uint8, and the number of classes.

    Raises:
        InputError: The set is not one for image classification, is not in the array_record format, or is damaged;
            a split does not exist, holds images without a label, or its images differ in size.
    """
    columns, plans = _plan(builder, specs)
    splits = [_read(builder, spec, plan, columns, progress) for spec, plan in zip(specs, plans, strict=True)]
    return splits, columns.classes


def stream(builder: "DatasetBuilder", specs: Sequence[str], size: int, workers: int) -> tuple[list[Split], int]:
    """Splits of a prepared set whose images stay on disk. The first and the last image of each are read, as a check.

    Args:
        builder: What `lookup.find` returned.
        specs: Splits in the slicing language of tensorflow-datasets.
        size: Height and width that images are cropped to.
        workers: See `Streamed`.

    Returns:
        The splits, images and labels streamed, and the number of classes.

    Raises:
        InputError: The set is not one for image classification, is not in the array_record format, is damaged or
            lacks a file; a split does not exist, or holds images without a label; it has more files than may be open.
    """
    columns, plans = _plan(builder, specs)
    splits = []
    for spec, plan in zip(specs, plans, strict=True):
        records = open_records(builder, spec, plan, columns)
        images = Streamed(records, size, workers, _identity(builder, plan, size))
        images.read(np.unique([0, len(images) - 1]))
        splits.append(Split(images, images.labels))
    # Each file stays open that was read from once.
    allow_open_files(sum(len(info.shard_lengths) for info in builder.info.splits.values()))
    return splits, columns.classes


def _identity(builder: "DatasetBuilder", plan: list[Piece], size: int) -> str:
    named = builder.info.splits
    parts = [
        f"{piece.name}[{piece.start}:{piece.stop}] of {named[piece.name].num_examples} images in"
        f" {int(named[piece.name].num_bytes)} bytes"
        for piece in plan
    ]
    return f"{builder.info.full_name}, {' + '.join(parts)}, cropped to {size} × {size}"


def _plan(builder: "DatasetBuilder", specs: Sequence[str]) -> tuple[Columns, list[list[Piece]]]:
    """Which features are read, and of which images, for each split."""
    columns = _columns(builder)
    _check_format(builder)
    shards = {name: info.shard_lengths for name, info in builder.info.splits.items()}
    return columns, [pieces(spec, shards) for spec in specs]


def _columns(builder: "DatasetBuilder") -> Columns:
    """Which features are the image and its class: those for supervised learning, else the only ones there are."""
    import tensorflow_datasets as tfds

    record = builder.info.features
    if not isinstance(record, tfds.features.FeaturesDict):
        raise _not_classification(builder, f"{type(record).__name__} records")
    features: dict[str, Any] = dict(record.items())
    images = [key for key, feature in features.items() if isinstance(feature, tfds.features.Image)]
    labels = [key for key, feature in features.items() if isinstance(feature, tfds.features.ClassLabel)]
    chosen = builder.info.supervised_keys or (None, None)
    image = chosen[0] if chosen[0] in images else images[0] if len(images) == 1 else None
    label = chosen[1] if chosen[1] in labels else labels[0] if len(labels) == 1 else None
    if image is None or label is None:
        raise _not_classification(
            builder, ", ".join(f"{key}: {type(f).__name__}" for key, f in sorted(features.items()))
        )
    channels, dtype, classes = features[image].shape[-1], features[image].np_dtype, features[label].num_classes
    if channels not in CHANNELS or dtype != np.uint8 or not classes:
        raise _not_classification(builder, f"{dtype.__name__} images of {channels} channels, {classes} classes")
    return Columns(image, label, channels, classes)


def _not_classification(builder: "DatasetBuilder", found: str) -> InputError:
    return InputError(
        f"the data set {builder.name!r} is not an image classification set: expected one 8-bit image and one class"
        f" label an example; it holds {found}"
    )


def _check_format(builder: "DatasetBuilder") -> None:
    from tensorflow_datasets.core import FileFormat

    formats = {form.value for form in builder.info.available_file_formats()}
    if FileFormat.ARRAY_RECORD.value not in formats:
        raise InputError(
            f"the data set {builder.name!r} in {builder.data_path} is prepared as {', '.join(sorted(formats))}, which"
            f" only TensorFlow reads; prepare it again with `tfds build {builder.name} --file_format=array_record`"
        )


def _read(
    builder: "DatasetBuilder", spec: str, plan: list[Piece], columns: Columns, progress: Progress | None
) -> Split:
    total = sum(piece.stop - piece.start for piece in plan)
    images: np.ndarray | None = None
    labels = np.empty(total, np.int32)
    report = patient(progress)
    for row, (encoded, label) in enumerate(_examples(builder, plan, columns)):
        pixels = np.asarray(decoded(encoded, columns.channels, str(builder.data_path), f"image {row} of {spec!r}"))
        image = pixels.reshape(*pixels.shape[:2], columns.channels)
        if images is None:
            images = np.empty((total, *image.shape), np.uint8)
        if image.shape != images.shape[1:]:
            raise InputError(
                f"the images of {builder.name!r} differ in size: {images.shape[1:]} and, at {row} of {spec!r},"
                f" {image.shape}; set image_size to crop them, or choose a set, or a configuration of it, with images"
                " of one size"
            )
        images[row] = image
        labels[row] = label
        if (row + 1) % _RECORDS == 0 or row + 1 == total:
            report(f"loading {builder.name} {spec}", row + 1, total)
    assert images is not None, "no piece is empty"
    if labels.min() < 0 or labels.max() >= columns.classes:
        raise InputError(f"the split {spec!r} of {builder.name!r} holds images without a label; choose another split")
    return Split(images, labels)


def _examples(builder: "DatasetBuilder", plan: list[Piece], columns: Columns) -> Iterator[tuple[bytes, int]]:
    """The encoded image and the label of each example of `plan`, in order."""
    import tensorflow_datasets as tfds

    reader: Any = builder
    raw = tfds.decode.DeserializeMethod.RAW_BYTES
    for piece in plan:
        try:
            source = reader.as_data_source(piece.name, deserialize_method=raw, file_format="array_record")
            for first in range(piece.start, piece.stop, _RECORDS):
                for record in source.__getitems__(list(range(first, min(first + _RECORDS, piece.stop)))):
                    yield parsed(record, columns)
        except unreadable() as error:
            raise damaged(str(builder.data_path), str(error)) from error
