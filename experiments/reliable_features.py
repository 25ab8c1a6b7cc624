"""Finding 1 of Li et al. 2015 (arXiv:1511.07543): some features are learned reliably, others are not.

How much units correlate with their one-to-one partners in another network, the best and the worst of them; and, with
three networks or more, how often a unit's partners are each other's partners, so that a cycle through three networks
closes.

python experiments/reliable_features.py configs/digits_convergent.py

Needs a run with the setting `one_to_one.on`. The paper's finding is there where, in one layer, the best units correlate
far more than the worst, and cycles close far more often among units that correlate more.
"""

from functools import partial
from math import isnan

from jaxrepsim.pipeline.finished_runs import Needs, Sources, finished
from jaxrepsim.pipeline.publish import publish, script
from jaxrepsim.report.experiments.reliable_features import (
    HIGH,
    LOW,
    Partners,
    ReliableRow,
    reliable_features,
    reliable_rows,
)
from jaxrepsim.report.sections.one_to_one.aligned import aligned


def main(sources: Sources) -> None:
    """Prints the table of each run, writes it as CSV, and draws its figure, one column wide, all into its folder.

    Args:
        sources: Folders of finished runs; or config files, whose runs are done first.
    """
    columns = ["layer", "matched", "mean", f"≥ {HIGH}", f"< {LOW}", "best", "worst", "cycles that close"]
    for run in finished(sources, Needs(aligned, "one_to_one.on")):
        rows = [_cells(row) for row in reliable_rows(run.results)]
        publish(
            [run],
            "reliable_features",
            f"Correlation with the one-to-one partner: {run.folder}",
            columns,
            rows,
            partial(reliable_features, run.results, "single"),
        )


def _cells(row: ReliableRow) -> list[str]:
    shares = [f"{row.mean:.2f}", f"{row.high:.0%}", f"{row.low:.0%}"]
    closed = "–" if isnan(row.closed) else f"{row.closed:.0%}"
    return [row.layer, f"{row.matched:,}", *shares, _partners(row.best), _partners(row.worst), closed]


def _partners(partners: Partners) -> str:
    return f"{partners.correlation:.2f} ({partners.pair}: {partners.x}, {partners.y})"


if __name__ == "__main__":
    script(main)
