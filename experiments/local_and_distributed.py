"""Finding 3 of Li et al. 2015 (arXiv:1511.07543): codes mix local units with slightly, not fully, distributed ones.

For each unit, the smallest number of units of the other network, along the path of penalties, that reaches nine tenths
of its best held-out R². One is a local code, a few are a slightly distributed one, nearly all a fully distributed one.
Counted are coefficients beyond the smallest and beyond the largest threshold of the run.

python experiments/local_and_distributed.py configs/digits_convergent.py

Needs a run with the setting `convergent.penalties`. The paper's finding is there where one unit, two to four, and five
to sixteen each predict a share of the units. The numbers are upper bounds: between two penalties a smaller one may do,
and the shrinkage that comes with a penalty asks for more units than the same fit without. Units whose best held-out R²
is below 0.1 are counted apart.
"""

from pathlib import Path

import tyro

from jaxrepsim.pipeline.published import Needs, draw, finished, script, show, write_table
from jaxrepsim.report.local_code import local_and_distributed, local_rows, thresholds_shown
from jaxrepsim.report.prediction import counts_as, predicted


def main(sources: tyro.conf.Positional[tuple[Path, ...]]) -> None:
    """Prints the table of each run, writes it as CSV, and draws its figure, one column wide, all into its folder.

    Args:
        sources: Folders of finished runs; or config files, whose runs are done first.
    """
    columns = ["layer", "units", "none", "1", "2–4", "5–16", "more", "hardly predicted"]
    for run in finished(sources, Needs(predicted, "convergent.penalties")):
        table = []
        for threshold in thresholds_shown(run.results):
            rows = [
                [row.layer, f"{row.units:,}", *(f"{share:.0%}" for share in row[2:])]
                for row in local_rows(run.results, threshold)
            ]
            counted = counts_as(float(run.results["threshold"].values[threshold]))
            show(f"Units of the other network that predict a unit ({counted}): {run.folder}", columns, rows)
            table += [[counted, *row] for row in rows]
        print(write_table(run.folder, "local_and_distributed", ["counted", *columns], table))
        print(*draw(run.folder, "local_and_distributed", local_and_distributed(run.results, "single")), sep="\n")


if __name__ == "__main__":
    script(main)
