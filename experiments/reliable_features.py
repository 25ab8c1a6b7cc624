"""Finding 1 of Li et al. 2015 (arXiv:1511.07543): some features are learned reliably, others are not.

How much units correlate with their one-to-one partners in another network, the best and the worst of them; and, with
three networks or more, how often a unit's partners are each other's partners, so that a cycle through three networks
closes.

jaxrepsim run configs/digits_convergent.py
python experiments/reliable_features.py runs/digits_convergent

Needs a run with the setting `convergent.one_to_one`. The paper's finding is there where, in one layer, the best units
correlate far more than the worst, and cycles close far more often among units that correlate more.
"""

from math import isnan
from pathlib import Path

import tyro

from jaxrepsim.pipeline.published import Needs, draw, finished, show
from jaxrepsim.report.aligned import aligned
from jaxrepsim.report.reliable import HIGH, LOW, Partners, ReliableRow, reliable_features, reliable_rows


def main(runs: tyro.conf.Positional[tuple[Path, ...]]) -> None:
    """Prints the table of each run, and draws its figure into its figures folder, one column wide.

    Args:
        runs: Folders of finished runs.
    """
    for run in runs:
        results = finished(run, Needs(aligned, "convergent.one_to_one"))
        columns = ["layer", "matched", "mean", f"≥ {HIGH}", f"< {LOW}", "best", "worst", "cycles that close"]
        show(
            f"Correlation with the one-to-one partner: {run}", columns, [_cells(row) for row in reliable_rows(results)]
        )
        print(*draw(run, "reliable_features", reliable_features, results), sep="\n")


def _cells(row: ReliableRow) -> list[str]:
    shares = [f"{row.mean:.2f}", f"{row.high:.0%}", f"{row.low:.0%}"]
    closed = "–" if isnan(row.closed) else f"{row.closed:.0%}"
    return [row.layer, f"{row.matched:,}", *shares, _partners(row.best), _partners(row.worst), closed]


def _partners(partners: Partners) -> str:
    return f"{partners.correlation:.2f} ({partners.pair}: {partners.x}, {partners.y})"


if __name__ == "__main__":
    tyro.cli(main)
