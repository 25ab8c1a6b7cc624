"""From what a user names to runs that are done: those of a config file, one after the other."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Literal, NamedTuple

from jaxrepsim import activations
from jaxrepsim.data import DataConfig, Dataset
from jaxrepsim.errors import InputError, unknown
from jaxrepsim.pipeline import folder as run_folder
from jaxrepsim.pipeline import matching_stage
from jaxrepsim.pipeline.config import RunConfig
from jaxrepsim.pipeline.config_file import load_configs, place_of, to_plain
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.pipeline.processes import ONLY_PROCESS, Place, leave, watched
from jaxrepsim.pipeline.progress import Note, Progress, Say, unheard
from jaxrepsim.pipeline.run import Run
from jaxrepsim.pipeline.shipped_configs import config_path

Stage = Literal["run", "train", "extract", "match"]


class Job(NamedTuple):
    """A run that is asked for.

    Fields:
        name: Its name in the config file, or that of its folder.
        config: Its settings.
        folder: Its run folder.
    """

    name: str
    config: RunConfig
    folder: Path

    @property
    def finished(self) -> bool:
        """Whether its results are there, and are all that the settings ask for.

        Raises:
            InputError: They are those of other settings, or damaged.
        """
        folder = RunFolder(self.folder)
        if folder.results.exists():
            run_folder.require_same(folder, {"config": to_plain(self.config)})
        return matching_stage.finished(folder, self.config) is not None


class Source(NamedTuple):
    """What a user names: a config file, which has been executed, or the folder of a run.

    Fields:
        path: Of the file or folder.
        configs: The settings of its runs, by their names; a folder's one run has the folder's name.
    """

    path: Path
    configs: dict[str, RunConfig]

    def jobs(self, only: str | None = None, out: Path | None = None) -> list[Job]:
        """The runs that are meant.

        Args:
            only: The name of the one run that is meant, of those of a config file; by default all.
            out: Where they go instead of `place_of(path)`: of several, each has a folder of its own in it.

        Returns:
            The runs, in order.

        Raises:
            InputError: No run of that name.
        """
        of_folder = self.path.is_dir()
        if only is not None and of_folder:
            raise InputError(f"--only chooses among the runs of a config file, and {self.path} is a run folder")
        if only is not None and only not in self.configs:
            raise unknown("run", only, self.configs)
        place = out or (self.path if of_folder else place_of(self.path))
        single = of_folder or list(self.configs) == [self.path.stem]
        return [
            Job(name, config, place if single else place / name)
            for name, config in self.configs.items()
            if only in (None, name)
        ]


def load_source(path: Path) -> Source:
    """Reads the settings of a run folder, or executes a config file.

    Args:
        path: Of the file or folder; or the name of a config that comes with the package.

    Raises:
        InputError: There is no such file, folder or config, or it is damaged.
    """
    if path.suffix in activations.SUFFIXES:
        raise InputError(f"{path} is an activation file: `jaxrepsim compare` takes two or more of them")
    place = config_path(path)
    if place.is_dir():
        return Source(place, {place.name: run_folder.load(place)})
    return Source(place, load_configs(place))


def carry_out(
    jobs: Sequence[Job],
    stage: Stage,
    progress: Progress,
    say: Say,
    here: Place = ONLY_PROCESS,
    note: Note = unheard,
) -> None:
    """Does runs up to a stage, one after the other. What is there already is not done again.

    Several processes train and extract together; then the first goes on alone.

    Args:
        jobs: Which.
        stage: How far: `run` is up to the report.
        progress: Told how far each has come.
        say: Told what was found.
        here: Which of several processes this is.
        note: Told of each stage as it is finished, and last where a run's results are.

    Raises:
        InputError: Settings are wrong, which is found before any run begins; a folder is in use or belongs to a run of
            other settings; what the stages raise.
        Preempted: SIGTERM came.
    """
    sets: dict[DataConfig, Dataset] = {}
    runs = [
        Run(job.config, RunFolder(job.folder, note), _named(progress, job.name, len(jobs)), say, here, sets)
        for job in jobs
    ]
    if here.processes > 1:
        if not _with_all_processes(runs, stage, here) or stage == "train":
            return
        runs = [replace(run, here=ONLY_PROCESS) for run in runs]
    else:
        for run in runs:
            run.check()
    for job, run in zip(jobs, runs, strict=True):
        if len(jobs) > 1:
            say(f"{job.name}: {job.folder}")
        with run.folder.locked():
            _claim(run)
            {"run": run.report, "train": run.train, "extract": run.extract, "match": run.match}[stage]()
        run.folder.note_end(*_made(run.folder, stage))


def _made(folder: RunFolder, stage: Stage) -> list[Path]:
    """What a stage is for."""
    of_stage = {"train": [folder.checkpoints], "extract": [folder.path / "activations"], "match": [folder.results]}
    return of_stage.get(stage, [folder.results, folder.report])


def _with_all_processes(runs: Sequence[Run], stage: Stage, here: Place) -> bool:
    """The part of all processes; whether this one goes on with the results."""
    with watched(here), ExitStack() as at_work:
        if not here.first:
            here.meet("begin")  # the first finds what is wrong with the settings, and prepares the data
        for run in runs:
            run.check()
            if here.first:
                at_work.enter_context(run.folder.locked())
                _claim(run)
        todo = [run for run in runs if stage == "train" or not run.extracted]
        if here.first:
            here.meet("begin")
        for run in todo:
            run.train() if stage == "train" else run.write_activations()
            if stage == "train" and here.first:
                run.folder.note_end(*_made(run.folder, stage))
        here.meet("end")
    leave(here)
    return here.first


def _claim(run: Run) -> None:
    run_folder.claim(run.folder, {"config": to_plain(run.config)})
    matching_stage.write_versions(run.folder)


def _named(progress: Progress, name: str, runs: int) -> Progress:
    if runs == 1:
        return progress
    return lambda what, done, total, note="": progress(f"{name}: {what}", done, total, note)
