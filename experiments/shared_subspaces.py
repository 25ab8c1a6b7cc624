"""Finding 2 of Li et al. 2015 (arXiv:1511.07543): units span subspaces that networks share.

Which basis vectors span them differs from network to network.

The share of a unit's variance that the other network explains, the mean over units: by the best single unit, by a
sparse weighted sum (at its best penalty, held out), and by all units (at the smallest penalty, held out); beside it the
similarity of the maximum match at the ε that the report speaks of.

python experiments/shared_subspaces.py configs/digits_convergent.py

Needs a run with the settings `convergent.one_to_one` and `convergent.penalties`. The paper's finding is there where the
span explains clearly more than one unit: the gap, shaded in the figure. What one unit explains is measured on all
inputs, which favours it a little; choosing the penalty on the held-out inputs favours the sparse sum a little. A mean
below −0.1 is in the table alone.
"""

from functools import partial
from pathlib import Path

import tyro

from jaxrepsim.pipeline.published import Needs, finished, publish, script
from jaxrepsim.report.aligned import aligned
from jaxrepsim.report.prediction import predicted
from jaxrepsim.report.shared_subspaces import SubspaceRow, matched_at, shared_subspaces, subspace_rows
from jaxrepsim.report.summaries import epsilon_labels


def main(sources: tyro.conf.Positional[tuple[Path, ...]]) -> None:
    """Prints the table of each run, writes it as CSV, and draws its figure, one column wide, all into its folder.

    Args:
        sources: Folders of finished runs; or config files, whose runs are done first.
    """
    needs = Needs(aligned, "convergent.one_to_one"), Needs(predicted, "convergent.penalties")
    for run in finished(sources, *needs):
        epsilon = epsilon_labels(run.results)[matched_at(run.results)]
        columns = ["layer", "one unit", "sparse", "predictors", "all units", "gap", f"similarity, ε = {epsilon}"]
        rows = [_cells(row) for row in subspace_rows(run.results)]
        publish(
            [run],
            "shared_subspaces",
            f"Share of a unit's variance that is explained: {run.folder}",
            columns,
            rows,
            partial(shared_subspaces, run.results, "single"),
        )


def _cells(row: SubspaceRow) -> list[str]:
    explained = [f"{row.single:.2f}", f"{row.sparse:.2f}", f"{row.predictors:.1f}", f"{row.every:.2f}"]
    cells = [*explained, f"{row.gap:.2f}", f"{row.similarity:.2f}"]
    return [row.layer, *("–" if cell == "nan" else cell for cell in cells)]


if __name__ == "__main__":
    script(main)
