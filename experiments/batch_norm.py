"""Networks with batch norm against the same without.

python experiments/batch_norm.py configs/batch_norm/smoke.py

Runs of architectures with the same layers, such as `vgg16_bn` and `vgg16`. What to see: whether one kind is more alike
from seed to seed, in all layers or in some. What to keep in mind: compare only runs whose accuracies, in the last
panel, are about equal; networks without batch norm have more dead units (a panel of their own), which count as not
matched; hollow points are partly chance.
"""

from functools import partial

from jaxrepsim.pipeline.finished_runs import Sources, finished
from jaxrepsim.pipeline.publish import publish, script
from jaxrepsim.report.experiments.side_by_side import runs_by_depth, side_by_side_table


def main(sources: Sources) -> None:
    """Prints the table of all runs, and draws their figure, both columns of a paper wide.

    Args:
        sources: Config files, folders of finished runs, or folders of such folders.
    """
    found = finished(sources)
    runs = {run.name: run.results for run in found}
    columns, rows = side_by_side_table(runs)
    publish(
        found,
        "batch_norm",
        "Similarity, the mean over pairs, with and without batch norm",
        columns,
        rows,
        partial(runs_by_depth, runs),
    )


if __name__ == "__main__":
    script(main)
