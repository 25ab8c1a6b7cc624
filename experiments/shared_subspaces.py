"""Finding 2 of Li et al. 2015 (arXiv:1511.07543): units span subspaces that networks share.

Which basis vectors span them differs from network to network.

The share of a unit's variance that the other network explains, the mean over units: by the best single unit, by a
sparse weighted sum (at its best penalty, held out), and by all units (at the smallest penalty, held out); beside it the
similarity of the maximum match at the ε that the report speaks of.

jaxrepsim run configs/digits_convergent.py
python experiments/shared_subspaces.py runs/digits_convergent

Needs a run with the settings `convergent.one_to_one` and `convergent.penalties`. The paper's finding is there where the
span explains clearly more than one unit: the gap, shaded in the figure. What one unit explains is measured on all
inputs, which favours it a little; choosing the penalty on the held-out inputs favours the sparse sum a little. A mean
below −0.1 is in the table alone.
"""

from pathlib import Path

import tyro

from jaxrepsim.pipeline.published import Needs, draw, finished, show
from jaxrepsim.report.aligned import aligned
from jaxrepsim.report.prediction import predicted
from jaxrepsim.report.shared_subspaces import SubspaceRow, matched_at, shared_subspaces, subspace_rows
from jaxrepsim.report.summaries import epsilon_labels


def main(runs: tyro.conf.Positional[tuple[Path, ...]]) -> None:
    """Prints the table of each run, and draws its figure into its figures folder, one column wide.

    Args:
        runs: Folders of finished runs.
    """
    for run in runs:
        results = finished(run, Needs(aligned, "convergent.one_to_one"), Needs(predicted, "convergent.penalties"))
        epsilon = epsilon_labels(results)[matched_at(results)]
        columns = ["layer", "one unit", "sparse", "predictors", "all units", "gap", f"similarity, ε = {epsilon}"]
        show(
            f"Share of a unit's variance that is explained: {run}",
            columns,
            [_cells(row) for row in subspace_rows(results)],
        )
        print(*draw(run, "shared_subspaces", shared_subspaces, results), sep="\n")


def _cells(row: SubspaceRow) -> list[str]:
    explained = [f"{row.single:.2f}", f"{row.sparse:.2f}", f"{row.predictors:.1f}", f"{row.every:.2f}"]
    cells = [*explained, f"{row.gap:.2f}", f"{row.similarity:.2f}"]
    return [row.layer, *("–" if cell == "nan" else cell for cell in cells)]


if __name__ == "__main__":
    tyro.cli(main)
