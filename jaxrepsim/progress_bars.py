"""Progress on the terminal."""

from contextlib import AbstractContextManager

from rich import progress
from rich.console import Console


class Bars:
    """One bar for each piece of work, made when first heard of: a `jaxrepsim.pipeline.progress.Progress`.

    Args:
        console: Where to draw. Bars are only drawn on a terminal; lines said go out anywhere.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._tasks: dict[str, progress.TaskID] = {}
        self._progress = progress.Progress(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.TaskProgressColumn(),
            progress.TimeElapsedColumn(),
            progress.TextColumn("left"),
            progress.TimeRemainingColumn(),
            progress.TextColumn("{task.fields[note]}"),
            console=console,
            disable=not console.is_terminal,
        )

    def __call__(self, what: str, done: int, total: int, note: str = "") -> None:
        """Moves the bar of `what`, or makes it."""
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=total, note=note)
        self._progress.update(self._tasks[what], completed=done, total=total, note=note)

    def say(self, line: str) -> None:
        """Prints a line above the bars."""
        self._console.print(line, soft_wrap=True, markup=False, highlight=False)

    def live(self) -> AbstractContextManager[object]:
        """Draws while a block runs."""
        return self._progress
