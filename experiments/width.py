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
from jaxrepsim.report.experiments.width import by_width, similarity_by_width, width_label, width_rows


def main(sources: Sources) -> None:
    """Prints the table of all runs, and draws their figure, both columns of a paper wide.

    Args:
        sources: Config files, folders of finished runs, or folders of such folders.
    """
    found = finished(sources)
    runs = {run.name: run.results for run in found}
    widths = [width_label(width) for width in by_width(runs)]
    columns = ["layer", *(f"width {width}" for width in widths), "change", "steps up", "few samples at"]
    rows = []
    for row in width_rows(runs):
        few = " ".join(width for width, hollow in zip(widths, row.few, strict=True) if hollow)
        values = [f"{value:.2f}" for value in row.auc]
        rows.append([row.layer, *values, f"{row.change:+.2f}", f"{row.rising} of {len(widths) - 1}", few])
    publish(
        found,
        "width",
        "Similarity, the mean over pairs and over ε ≤ 0.5, by width",
        columns,
        rows,
        partial(similarity_by_width, runs),
    )


if __name__ == "__main__":
    script(main)
