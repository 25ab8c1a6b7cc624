"""Similarity while the networks learn, beside their accuracy.

python experiments/over_training.py configs/over_training/smoke.py

Needs runs with the setting `over_training.on`, and the epochs to look at in `training.keep`, 0 for the untrained
networks. What to see: whether similarity falls or rises while accuracy rises, and whether early layers settle before
deep ones. What to keep in mind: it is measured on the first `sampling.images` images, at the same few positions of each
map (`sampling.rows` in all), so that the last point is not the similarity of the whole run: where a layer matches all
at once, at an ε near that of the panel, the two may be far apart. Compare points of a line with one another.
"""

from functools import partial

from jaxrepsim.pipeline.finished_runs import Needs, Sources, finished
from jaxrepsim.pipeline.publish import number, publish, script
from jaxrepsim.report.epsilons import epsilon_labels
from jaxrepsim.report.results import names, over_known
from jaxrepsim.report.sections.over_training import SECTION, training_mean

(DRAWING,) = SECTION.figures


def main(sources: Sources) -> None:
    """Prints the table of each run, and draws its figure into its figures folder, one column wide.

    Args:
        sources: Config files, folders of finished runs, or folders of such folders.
    """
    for run in finished(sources, Needs(DRAWING.present, "over_training.on")):
        columns = [
            "layer",
            "ε",
            *(f"epoch {epoch}" for epoch in names(run.results.children["over_training"], "checkpoint")),
        ]
        accuracy = over_known(run.results["over_training/accuracy"].values, 0).mean
        mean = training_mean(run.results)
        rows = [["validation accuracy", "", *map(number, accuracy)]]
        rows += [
            [layer, epsilon, *map(number, mean[:, i, e])]
            for i, layer in enumerate(names(run.results, "layer"))
            for e, epsilon in enumerate(epsilon_labels(run.results))
        ]
        publish(
            [run],
            "similarity_over_training",
            f"Similarity, the mean over pairs, at each epoch: {run.name}",
            columns,
            rows,
            partial(DRAWING.figure, run.results, "single"),
        )


if __name__ == "__main__":
    script(main)
