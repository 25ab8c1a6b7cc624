"""Figure 1 of Wang et al. 2018 (arXiv:1810.11750): similarity against depth, one curve an ε, from finished runs.

python experiments/figure1.py runs/digits_vgg
"""

from pathlib import Path

import tyro

from jaxrepsim import report
from jaxrepsim.pipeline.published import draw, finished


def main(runs: tyro.conf.Positional[tuple[Path, ...]]) -> None:
    """Draws the figure of each run into its figures folder, one column wide.

    Args:
        runs: Folders of finished runs.
    """
    for run in runs:
        svg, _ = draw(run, "figure1", report.similarity_by_depth, finished(run))
        print(svg)


if __name__ == "__main__":
    tyro.cli(main)
