"""The commands of the command line: what each is given, and what its help says."""

from dataclasses import dataclass, field, make_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from jaxrepsim.pipeline.config import RunConfig
from jaxrepsim.pipeline.jobs import Stage
from jaxrepsim.pipeline.part import Need
from jaxrepsim.pipeline.parts import AnalysisConfig
from jaxrepsim.pipeline.shared_settings import AlignmentConfig, MatchingConfig, SamplingConfig

_Sources = Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="CONFIG|FOLDER...|FILE...")]
_Folder = Annotated[Path | None, tyro.conf.arg(metavar="FOLDER")]


@dataclass(kw_only=True)
class OnRuns:
    """The runs of one config file, or that of a run folder."""

    out: _Folder = None
    """Where the results go, those of several runs into a folder each; by default runs/NAME for configs/NAME.py."""
    only: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """Of a config file with several runs, this one."""
    processes: Literal["environment", "auto"] = "environment"
    """Which processes work together: those that JAX_COORDINATOR_ADDRESS and its like name, if they are set; or, with
    auto, those of a job of Slurm or Open MPI, or of a TPU slice, as JAX finds them."""
    settings: Annotated[RunConfig, tyro.conf.arg(name="")] = field(default_factory=RunConfig)
    source: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="CONFIG|FOLDER")]
    """A config file, such as configs/digits_vgg.py; or the folder of a run to resume."""


@dataclass(kw_only=True)
class RunCommand(OnRuns):
    """The whole job: train every seed, extract and match every layer, write the report. Resumes where it stopped."""


@dataclass(kw_only=True)
class TrainCommand(OnRuns):
    """Train every seed, and stop there."""


@dataclass(kw_only=True)
class ExtractCommand(OnRuns):
    """Write every network's compressed activations, as activation files; train first where needed."""


@dataclass(kw_only=True)
class MatchRunCommand(OnRuns):
    """Match the networks of a run."""


STAGES: dict[type, Stage] = {
    RunCommand: "run",
    TrainCommand: "train",
    ExtractCommand: "extract",
    MatchRunCommand: "match",
}


@dataclass(frozen=True)
class _FileMatching(MatchingConfig):
    positions: tyro.conf.Suppress[int | None] = None
    redraws: tyro.conf.Suppress[int] = 1


@dataclass(frozen=True)
class _FileAlignment(AlignmentConfig):
    before_activation: tyro.conf.Suppress[bool] = False


def _without(needs: tuple[Need, ...], *more: tuple[str, type, Any]) -> type[AnalysisConfig]:
    """The settings of a comparison, of which those of parts with certain needs are accepted and not shown in the help.

    Args:
        needs: Of the parts.
        more: Further fields: names, types, and values.
    """
    hidden: list[tuple[str, Any, Any]] = [
        (name, type(part), part) for name, part in AnalysisConfig().parts.items() if part.needs in needs
    ]
    fields = [(name, tyro.conf.Suppress[kind], field(default=value)) for name, kind, value in hidden]
    return make_dataclass("_Settings", [*fields, *more], bases=(AnalysisConfig,), frozen=True)


FileSettings = _without(
    ("training", "images"),
    ("matching", _FileMatching, field(default_factory=_FileMatching)),
    ("alignment", _FileAlignment, field(default_factory=_FileAlignment)),
)
"""Those of a match of activation files."""
RunsSettings = _without(
    ("rows", "training", "statistics", "images"),
    ("sampling", tyro.conf.Suppress[SamplingConfig], field(default_factory=SamplingConfig)),
    ("alignment", tyro.conf.Suppress[AlignmentConfig], field(default_factory=AlignmentConfig)),
)
"""Those of a match of several runs."""


@dataclass(kw_only=True)
class MatchCommand:
    """Match the networks of a run, or those of several runs, or activation files of any origin.

    An activation file is .safetensors or .npz, one array a layer. `jaxrepsim match CONFIG --help` lists all settings of
    a run; those below are for files.
    """

    source: _Sources
    """A config file or run folder; or two run folders or more, whose networks have seen the same images; or two
    activation files or more, of networks on the same inputs."""
    out: _Folder = None
    """Where the results go. Several runs, and files, need it."""
    layout: tuple[str, ...] = ()
    """Of arrays of three or four axes in files that do not state it: NHWC or NCHW for maps, NLC or NCL for tokens, RNC
    for several draws of samples. C is the axis of the units."""
    settings: Annotated[AnalysisConfig, tyro.conf.arg(name="")] = field(default_factory=FileSettings)


@dataclass(kw_only=True)
class MatchRunsCommand:
    """Match the networks of several runs: from their checkpoints they are compressed anew, all of them jointly."""

    source: _Sources
    """Two run folders or more, whose networks have seen the same images."""
    out: _Folder = None
    """Where the results go."""
    settings: Annotated[AnalysisConfig, tyro.conf.arg(name="")] = field(default_factory=RunsSettings)


@dataclass(kw_only=True)
class ReportCommand:
    """Draw the report of a finished run or match again."""

    source: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER")]
    """The run folder."""


@dataclass(kw_only=True)
class DataCommand:
    """Prepare a data set, from the archive that its makers publish: `jaxrepsim data prepare cifar10 --archive FILE`."""

    what: Annotated[Literal["prepare"], tyro.conf.Positional]
    """Write it in the format of tensorflow-datasets, as its own builder does. Resumes where it stopped."""
    name: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="NAME")]
    """As in tensorflow-datasets: cifar10, imagenette/160px-v2."""
    archive: Annotated[Path | None, tyro.conf.arg(metavar="PATH")] = None
    """The original file, or the folder of several; without it a message says which are needed, and where they are."""
    directory: _Folder = None
    """Where prepared sets are kept; by default ~/tensorflow_datasets."""


Command = OnRuns | MatchCommand | MatchRunsCommand | ReportCommand | DataCommand
