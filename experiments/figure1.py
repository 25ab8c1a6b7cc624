"""Figure 1 of Wang et al. 2018 (arXiv:1810.11750): similarity against depth, one curve an ε, from finished runs.

python experiments/figure1.py runs/digits_vgg
"""

from pathlib import Path

import tyro

from jaxrepsim import report
from jaxrepsim.files import atomic_path
from jaxrepsim.pipeline.comparison import read_netcdf
from jaxrepsim.pipeline.folder import RunFolder


def main(runs: tyro.conf.Positional[tuple[Path, ...]]) -> None:
    """Draws the figure of each run into its figures folder, one column wide.

    Args:
        runs: Folders of finished runs.
    """
    for run in runs:
        folder = RunFolder(run)
        figure = report.similarity_by_depth(read_netcdf(folder.results), column="single")
        for kind in ("svg", "png"):
            with atomic_path(folder.figures / f"figure1.{kind}") as temporary:
                figure.savefig(temporary, format=kind, dpi=300)
        print(folder.figures / "figure1.svg")


if __name__ == "__main__":
    tyro.cli(main)
