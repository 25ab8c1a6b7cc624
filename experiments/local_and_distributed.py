"""Finding 3 of Li et al. 2015 (arXiv:1511.07543): codes mix local units with slightly, not fully, distributed ones.

For each unit, the smallest number of units of the other network, along the path of penalties, that reaches nine tenths
of its best held-out R². One is a local code, a few are a slightly distributed one, nearly all a fully distributed one.
Counted are coefficients beyond the smallest and beyond the largest threshold of the run.

python experiments/local_and_distributed.py configs/digits_convergent.py

Needs a run with the setting `sparse_prediction.penalties`. The paper's finding is there where one unit, two to four,
and five to sixteen each predict a share of the units. The numbers are upper bounds: between two penalties a smaller one
may do, and the shrinkage that comes with a penalty asks for more units than the same fit without. Units whose best
held-out R² is below 0.1 are counted apart.
"""

from functools import partial

from jaxrepsim.pipeline.finished_runs import Needs, Sources, finished
from jaxrepsim.pipeline.publish import publish, script
from jaxrepsim.report.experiments.local_and_distributed import drawn_thresholds, local_and_distributed, local_rows
from jaxrepsim.report.sections.sparse_prediction.prediction import counts_as, predicted

COLUMNS = ["counted", "layer", "units", "none", "1", "2–4", "5–16", "more", "hardly predicted"]


def main(sources: Sources) -> None:
    """Prints the table of each run, writes it as CSV, and draws its figure, one column wide, all into its folder.

    Args:
        sources: Folders of finished runs; or config files, whose runs are done first.
    """
    for run in finished(sources, Needs(predicted, "sparse_prediction.penalties")):
        thresholds = run.results["sparse_prediction/threshold"].values.tolist()
        rows = [
            [counts_as(thresholds[index]), row.layer, f"{row.units:,}", *(f"{share:.0%}" for share in row.shares)]
            for index in drawn_thresholds(run.results)
            for row in local_rows(run.results, index)
        ]
        publish(
            [run],
            "local_and_distributed",
            f"Units of the other network that predict a unit: {run.folder}",
            COLUMNS,
            rows,
            partial(local_and_distributed, run.results, "single"),
        )


if __name__ == "__main__":
    script(main)
