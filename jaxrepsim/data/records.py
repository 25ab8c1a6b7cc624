"""Examples of a prepared set, one by one and in any order, and what is in them."""

import io
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from jaxrepsim.data.splits import Piece
from jaxrepsim.errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image
    from tensorflow_datasets.core import DatasetBuilder

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
CHANNELS = frozenset(_MODES)
"""How many channels an image may have."""


class Columns(NamedTuple):
    """Which features of an example are the image and its class.

    Fields:
        image: The image's name.
        label: The class label's name.
        channels: The image's channels.
        classes: How many classes there are.
    """

    image: str
    label: str
    channels: int
    classes: int


@dataclass(frozen=True)
class Records:
    """The examples of one split, on disk.

    It can be pickled, and any number of threads may read at once. Every file is opened when it is first read from, and
    stays open.
    """

    place: str
    """The folder of the set, for errors."""
    spec: str
    """The split as it was asked for, for errors."""
    columns: Columns
    sources: tuple[Any, ...]
    """array_record's data source of each piece of the split."""
    stops: tuple[int, ...]
    """How many examples there are up to the end of each piece."""

    def __len__(self) -> int:
        return self.stops[-1]

    def example(self, row: int) -> tuple[bytes, int]:
        """The encoded image and the label of an example.

        Raises:
            InputError: The file is damaged or missing, or the image has no label.
        """
        piece = bisect_right(self.stops, row)
        first = self.stops[piece - 1] if piece else 0
        try:
            encoded, label = parsed(self.sources[piece][row - first], self.columns)
        except unreadable() as error:
            raise damaged(self.place, f"image {row} of {self.spec!r}: {error}") from error
        if not 0 <= label < self.columns.classes:
            raise InputError(f"image {row} of {self.spec!r} in {self.place} has no label; choose another split")
        return encoded, label

    def image(self, encoded: bytes, row: int) -> "Image":
        """Decodes the image of an example; `row` is for the error.

        Raises:
            InputError: The image is damaged.
        """
        return decoded(encoded, self.columns.channels, self.place, f"image {row} of {self.spec!r}")


def open_records(builder: "DatasetBuilder", spec: str, plan: list[Piece], columns: Columns) -> Records:
    """Finds the examples of a split. Nothing is read.

    Args:
        builder: The prepared set, in the array_record format.
        spec: The split as it was asked for.
        plan: What `pieces` made of it.
        columns: The features to read.

    Returns:
        The examples.

    Raises:
        InputError: A file is missing.
    """
    import tensorflow_datasets as tfds

    reader: Any = builder
    raw = tfds.decode.DeserializeMethod.RAW_BYTES
    sources, stops = [], []
    for piece in plan:
        part = f"{piece.name}[{piece.start}:{piece.stop}]"
        source = reader.as_data_source(part, deserialize_method=raw, file_format="array_record").data_source
        for instruction in reader.info.splits[part].file_instructions:
            if not Path(instruction.filename).is_file():
                raise damaged(str(builder.data_path), f"{instruction.filename} is missing")
        sources.append(source)
        stops.append((stops[-1] if stops else 0) + piece.stop - piece.start)
    return Records(str(builder.data_path), spec, columns, tuple(sources), tuple(stops))


def parsed(record: bytes, columns: Columns) -> tuple[bytes, int]:
    """The encoded image and the label out of a serialised example.

    Only these two features are taken: tensorflow-datasets' own decoder takes twice as long, and fails without
    TensorFlow on features that do not matter here.
    """
    from tensorflow_datasets import proto

    example: Any = proto.tf_example_pb2
    feature = example.Example.FromString(record).features.feature
    return feature[columns.image].bytes_list.value[0], feature[columns.label].int64_list.value[0]


def unreadable() -> tuple[type[Exception], ...]:
    """What reading and parsing raise where a file is damaged or missing."""
    from google.protobuf.message import DecodeError

    return OSError, ValueError, IndexError, RuntimeError, DecodeError


def decoded(encoded: bytes, channels: int, place: str, what: str) -> "Image":
    """An encoded image, brought to a number of channels as TensorFlow's decoder does.

    Args:
        encoded: A PNG or JPEG file's bytes.
        channels: One of `CHANNELS`.
        place: The folder of the set, for the error.
        what: Which image it is, for the error.

    Raises:
        InputError: The image is damaged.
    """
    from PIL import Image

    mode = _MODES[channels]
    try:
        image = Image.open(io.BytesIO(encoded))
        image.load()
        return image if image.mode == mode else image.convert(mode)
    except (OSError, SyntaxError, ValueError) as error:  # Pillow's words for data that are no image
        raise damaged(place, f"{what}: {error}") from error


def damaged(place: str, reason: str) -> InputError:
    """The error for a set that cannot be read.

    Args:
        place: The folder of the set.
        reason: What was found.

    Returns:
        An `InputError` to raise.
    """
    return InputError(f"the data set in {place} is damaged; delete the folder and prepare it again ({reason})")
