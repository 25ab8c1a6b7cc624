"""Does a difference between networks come from their first weights, or from the order of their data?

python experiments/seeds_and_data_order.py configs/seeds_and_data_order/smoke.py

Runs that differ in `training.shared` only: all networks of a run have in common nothing, their first weights
(`initialisation`), or the order of examples with their augmentation (`order`); everything else is drawn from each
network's seed. Where networks of the same first weights match well and those of the same order do not, representations
go back to initialisation. What to keep in mind: compare only runs whose accuracies, in the last panel, are about equal;
the bands are the least and the largest of a few pairs, which are not independent; hollow points are partly chance.
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
        "seeds_and_data_order",
        "Similarity, the mean over pairs, by what the networks of a run share",
        columns,
        rows,
        partial(runs_by_depth, runs),
    )


if __name__ == "__main__":
    script(main)
