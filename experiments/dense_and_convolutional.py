"""Convolutional against fully connected layers (Wang et al. 2018, arXiv:1810.11750, section 5).

python experiments/dense_and_convolutional.py configs/dense_and_convolutional/smoke.py

The match profiles of each kind of layer, and similarity with depth. The paper's finding is there where convolutional
layers hardly match at an ε at which fully connected ones do. What to keep in mind: a fully connected layer has one
sample per image, a convolution one per position, so that chance gives the former more; the setting `chance.draws` shows
how much (shuffled inputs), and hollow points rest on fewer than ten samples a unit. The output is apart: that it agrees
says only that both networks fit the same targets. Fully connected layers also lie deeper than any convolution; the
lower panels show whether similarity changes with the kind or with depth.
"""

from functools import partial

from jaxrepsim.pipeline.finished_runs import Needs, Sources, finished
from jaxrepsim.pipeline.publish import number, publish, script
from jaxrepsim.report.experiments.dense_and_convolutional import both_types, similarity_by_type, type_table


def main(sources: Sources) -> None:
    """Prints the table of each run, and draws its figure into its figures folder, one column wide.

    Args:
        sources: Config files, folders of finished runs, or folders of such folders.
    """
    for run in finished(sources, Needs(both_types, "matching.layers")):
        table = type_table(run.results)
        rows = [[*map(str, row[:4]), *map(number, row[4:])] for row in table.itertuples(index=False)]
        publish(
            [run],
            "dense_and_convolutional",
            f"Similarity by kind of layer: {run.name}",
            [*table],
            rows,
            partial(similarity_by_type, run.results, "single"),
        )


if __name__ == "__main__":
    script(main)
