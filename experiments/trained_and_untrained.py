"""Trained against untrained networks, and against chance: how much of the similarity has been learned?

python experiments/trained_and_untrained.py configs/trained_and_untrained/smoke.py

Needs runs with the setting `chance.draws`, the number of draws. On the same `sampling.images` images, and the same few
positions of each map (`sampling.rows` in all): the trained networks, the same networks before training, the trained
ones with the inputs of one shuffled, and random vectors of the same spectrum. Similarity has been learned where the
trained networks lie above the untrained ones; it is no chance where they lie above all draws of both nulls, and the
table has the p-values, 1 / (1 + draws) at least. What to keep in mind: untrained networks, which see the same images
through random filters, may match better than trained ones, in deep layers above all, where what they give hardly
varies; the p-values hold for one layer, and not for all layers of a table at once.
"""

from functools import partial
from typing import Any

from jaxrepsim.pipeline.finished_runs import Needs, Sources, finished
from jaxrepsim.pipeline.publish import number, publish, script
from jaxrepsim.report.sections.chance import chance_rows
from jaxrepsim.report.sections.chance.nulls import DRAWING

COLUMNS = ["layer", "ε", "samples", "trained", "untrained", "shuffled", "p", "random vectors", "p of these"]


def main(sources: Sources) -> None:
    """Prints the table of each run, and draws its figure into its figures folder, one column wide.

    Args:
        sources: Config files, folders of finished runs, or folders of such folders.
    """
    for run in finished(sources, Needs(DRAWING.present, "chance.draws")):
        rows = [_cells(row) for row in chance_rows(run.results)]
        publish(
            [run],
            "trained_and_untrained",
            f"Similarity, the mean over pairs, and the largest p: {run.name}",
            COLUMNS,
            rows,
            partial(DRAWING.figure, run.results, "single"),
        )


def _cells(row: Any) -> list[str]:
    trained = (row.observed.mean, row.untrained.mean, row.shuffled.mean)
    numbers = [*trained, row.p_shuffled, row.random.mean, row.p_random]
    digits = (2, 2, 2, 3, 2, 3)
    return [row.layer, row.epsilon, str(row.samples), *map(number, numbers, digits)]


if __name__ == "__main__":
    script(main)
