"""Finding 2 of Li et al. 2015 (arXiv:1511.07543): units span subspaces that networks share.

Which basis vectors span them differs from network to network.

The share of a unit's variance that the other network explains, the mean over units: by the best single unit, by a
sparse weighted sum (at its best penalty, held out), and by all units (at the smallest penalty, held out); beside it the
similarity of the maximum match at the ε that the report speaks of.

python experiments/shared_subspaces.py configs/digits_convergent.py

Needs a run with the settings `one_to_one.on` and `sparse_prediction.penalties`. The paper's finding is there where the
span explains clearly more than one unit: the gap, shaded in the figure. What one unit explains is measured on all
inputs, which favours it a little; choosing the penalty on the held-out inputs favours the sparse sum a little. A mean
below −0.1 is in the table only.
"""

from functools import partial

from jaxrepsim.pipeline.finished_runs import Needs, Sources, finished
from jaxrepsim.pipeline.publish import number, publish, script
from jaxrepsim.report.epsilons import epsilon_labels, headline_epsilon
from jaxrepsim.report.experiments.shared_subspaces import shared_subspaces, subspaces
from jaxrepsim.report.results import names
from jaxrepsim.report.sections.one_to_one.aligned import aligned
from jaxrepsim.report.sections.sparse_prediction.prediction import predicted

DIGITS = (2, 2, 1, 2, 2, 2)
"""Behind the point of the numbers, column by column."""


def main(sources: Sources) -> None:
    """Prints the table of each run, writes it as CSV, and draws its figure, one column wide, all into its folder.

    Args:
        sources: Folders of finished runs; or config files, whose runs are done first.
    """
    needs = Needs(aligned, "one_to_one.on"), Needs(predicted, "sparse_prediction.penalties")
    for run in finished(sources, *needs):
        epsilon = epsilon_labels(run.results)[headline_epsilon(run.results)]
        columns = ["layer", "one unit", "sparse", "predictors", "all units", "gap", f"similarity, ε = {epsilon}"]
        found = subspaces(run.results)
        numbers = (found.single, found.sparse, found.predictors, found.every, found.gap, found.similarity)
        texts = [[number(value, n, "–") for value in values] for values, n in zip(numbers, DIGITS, strict=True)]
        rows = [*map(list, zip(names(run.results, "layer"), *texts, strict=True))]
        publish(
            [run],
            "shared_subspaces",
            f"Share of a unit's variance that is explained: {run.folder}",
            columns,
            rows,
            partial(shared_subspaces, run.results, "single"),
        )


if __name__ == "__main__":
    script(main)
