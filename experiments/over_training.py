"""Similarity while the networks learn, beside their accuracy.

python experiments/over_training.py configs/over_training/smoke.py

Needs runs with the setting `theory.over_training`, and the epochs to look at in `training.keep`, 0 for the untrained
networks. What to see: whether similarity falls or rises while accuracy rises, and whether early layers settle before
deep ones. What to keep in mind: it is measured on the first `theory.images` images, at the same few
positions of each map (`theory.rows` in all), so that the last point is not the similarity of the whole run: where a
layer matches all at once, at an ε near that of the panel, the two may be far apart. Compare points of a line with one
another.
"""

from functools import partial
from pathlib import Path

import numpy as np
import tyro

from jaxrepsim.pipeline.published import Needs, finished, publish, script
from jaxrepsim.report.over_training import followed, similarity_over_training, training_mean
from jaxrepsim.report.summaries import epsilon_labels, names, over_known


def main(sources: tyro.conf.Positional[tuple[Path, ...]]) -> None:
    """Prints the table of each run, and draws its figure into its figures folder, one column wide.

    Args:
        sources: Config files, folders of finished runs, or folders of such folders.
    """
    for run in finished(sources, Needs(followed, "theory.over_training")):
        columns = ["layer", "ε", *(f"epoch {epoch}" for epoch in names(run.results, "checkpoint"))]
        accuracy = over_known(run.results["checkpoint_accuracy"].values, 0).mean
        mean = training_mean(run.results)
        rows = [["validation accuracy", "", *_numbers(accuracy)]]
        rows += [
            [layer, epsilon, *_numbers(mean[:, i, e])]
            for i, layer in enumerate(names(run.results, "layer"))
            for e, epsilon in enumerate(epsilon_labels(run.results))
        ]
        publish(
            [run],
            "similarity_over_training",
            f"Similarity, the mean over pairs, at each epoch: {run.name}",
            columns,
            rows,
            partial(similarity_over_training, run.results, "single"),
        )


def _numbers(values: np.ndarray) -> list[str]:
    return ["" if np.isnan(value) else f"{value:.2f}" for value in values]


if __name__ == "__main__":
    script(main)
