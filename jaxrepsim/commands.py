"""The commands of the command line: what each is given, and what its help says of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from jaxrepsim.pipeline.config import RunConfig
from jaxrepsim.pipeline.parts import AnalysisConfig


@dataclass(frozen=True)
class Talk:
    """How much a command says, and in which form."""

    quiet: bool = False
    """Nothing but errors, and the path of the report."""
    json: bool = False
    """A JSON line as each stage finishes, and last the paths of results and report; all else on the error stream."""


@dataclass(frozen=True)
class OnRun(Talk):
    """The runs of one config, or that of a run folder."""

    out: Path | None = None
    """Where the results go, those of several runs into a folder each; by default runs/NAME for the config NAME."""
    only: str | None = None
    """Of a config of several runs, this one."""
    processes: Literal["environment", "auto"] = "environment"
    """Which processes work together: those that JAX_COORDINATOR_ADDRESS and its like name, if they are set; or those of
    a job of Slurm or Open MPI, or of a TPU slice, as JAX finds them."""


@dataclass(frozen=True)
class OnNetworks(Talk):
    """Networks of several origins."""

    out: Path | None = None
    """Where the results go; by default runs/A_and_B for A and B."""
    layout: tuple[str, ...] = ()
    """Of arrays of three or four axes in files that do not state it: NHWC or NCHW for maps, NLC or NCL for tokens, RNC
    for several draws of samples. C is the axis of the units."""
    rename: tuple[str, ...] = ()
    """OLD=NEW: the layer OLD of every file that has it is called NEW, so that files of different frameworks pair; in
    one file alone with FILE:OLD=NEW. May be given several times."""


@dataclass(frozen=True)
class OnData(Talk):
    """A data set to prepare."""

    archive: Path | None = None
    """The original file, or the folder of several; without it a message says which are needed, and where they are."""
    directory: Path | None = None
    """Where prepared sets are kept; by default ~/tensorflow_datasets."""


class Command(NamedTuple):
    """A command.

    Fields:
        takes: What follows its name, before all options.
        does: What it is for; its first sentence is its line in the list of commands.
        options: A dataclass of those that are no settings.
        settings: Those it can override.
    """

    takes: str
    does: str
    options: type[Talk] = Talk
    settings: AnalysisConfig | None = None


_CONFIG = (
    "CONFIG is one that is shipped (`jaxrepsim configs` lists them) or a file of your own; RUN is the folder of a run, "
    "which goes on."
)
COMMANDS = {
    "run": Command(
        "CONFIG|RUN",
        "Train every seed, extract and match every layer, write the report: the whole job. Resumes where it stopped. "
        + _CONFIG,
        OnRun,
        RunConfig(),
    ),
    "train": Command("CONFIG|RUN", f"Train every seed, and stop there. {_CONFIG}", OnRun, RunConfig()),
    "extract": Command(
        "CONFIG|RUN",
        "Write every network's compressed activations, as activation files; train first where needed. " + _CONFIG,
        OnRun,
        RunConfig(),
    ),
    "match": Command(
        "CONFIG|RUN",
        f"Compare the networks of a run, and write the results; train and extract first where needed. {_CONFIG}",
        OnRun,
        RunConfig(),
    ),
    "compare": Command(
        "A B [C ...]",
        "Compare networks of any origin: activation files, or several runs. Results and report are "
        "those of a run. Each of A, B, ... is a run folder, whose networks are compressed anew, jointly with the "
        "others'; or an activation file: .safetensors, .npz or .h5 with an array a layer, .npy with one layer, or a "
        "folder of .npy files. Files hold the responses to the same inputs, in the same order.",
        OnNetworks,
        AnalysisConfig(),
    ),
    "report": Command("RUN", "Draw the report of a finished run or comparison again. RUN is its folder."),
    "configs": Command("", "List the configs that are shipped, what they do, and how long it takes."),
    "measures": Command(
        "", "List the measures of similarity: what each needs, what leaves it unchanged, and what chance gives."
    ),
    "data": Command(
        "prepare NAME",
        "Prepare a data set, from the archive that its makers publish. It is written in the format of "
        "tensorflow-datasets, as its own builder does, and NAME is as there: cifar10, imagenette/160px-v2. Resumes "
        "where it stopped.",
        OnData,
    ),
}
