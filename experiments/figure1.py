"""Figure 1 of Wang et al. 2018 (arXiv:1810.11750): similarity against depth, one panel per run, one curve per ε.

python experiments/figure1.py configs/figure1/smoke.py
python experiments/figure1.py configs/figure1/resnet18_cifar10.py configs/figure1/vgg16_imagenet.py

Runs of config files are done first, where they are not finished; folders of finished runs are taken as they are. The
paper's finding is there where curves are near the bottom in all layers but the last, at every ε up to 0.3, although the
accuracies in the titles are high. What to keep in mind: points on fewer than ten samples a unit (hollow) are partly
chance; a single ε misleads, as a layer often goes from no match to nearly all units within 0.1, so the table has the
mean over ε up to 0.5 too; dead units count as not matched.
"""

from functools import partial

from jaxrepsim.pipeline.finished_runs import Sources, finished
from jaxrepsim.pipeline.publish import publish, script
from jaxrepsim.report.experiments.figure1 import depth_panels, depth_table


def main(sources: Sources) -> None:
    """Prints the table of all runs, and draws their figure, both columns of a paper wide.

    Args:
        sources: Config files, folders of finished runs, or folders of such folders.
    """
    found = finished(sources)
    runs = {run.name: run.results for run in found}
    table = depth_table(runs)
    rows = [
        [run, layer, f"{units}", f"{samples:.1f}", *(f"{value:.2f}" for value in values)]
        for run, layer, units, samples, *values in table.itertuples(index=False)
    ]
    publish(found, "figure1", "Similarity, the mean over pairs", [*table], rows, partial(depth_panels, runs))


if __name__ == "__main__":
    script(main)
