"""Does similarity rise with width?

python experiments/width.py configs/width/smoke.py

Runs of one architecture that differ in `model.width`, the multiple of the published number of units of each hidden
layer. One panel per layer, one point per pair: at up to three ε, and the mean over ε up to 0.5, which no choice of ε
misleads. What to keep in mind: a wider layer has fewer samples a unit, so that chance gives it more, and points on
fewer than ten are hollow; wider networks may be more accurate, as the last panel shows; the output has the same units
at every width.
"""

from functools import partial

from jaxrepsim.pipeline.finished_runs import Sources, finished
from jaxrepsim.pipeline.publish import publish, script
from jaxrepsim.report.experiments.width import similarity_by_width, width_table


def main(sources: Sources) -> None:
    """Prints the table of all runs, and draws their figure, both columns of a paper wide.

    Args:
        sources: Config files, folders of finished runs, or folders of such folders.
    """
    found = finished(sources)
    runs = {run.name: run.results for run in found}
    table = width_table(runs)
    rows = [
        [layer, *(f"{value:.2f}" for value in values), f"{change:+.2f}", f"{rising} of {len(values) - 1}", few]
        for layer, *values, change, rising, few in table.itertuples(index=False)
    ]
    publish(
        found,
        "width",
        "Similarity, the mean over pairs and over ε ≤ 0.5, by width",
        [*table],
        rows,
        partial(similarity_by_width, runs),
    )


if __name__ == "__main__":
    script(main)
