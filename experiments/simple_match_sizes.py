"""How large simple matches are (Wang et al. 2018, arXiv:1810.11750, section 5): hardly ever one unit to one.

python experiments/simple_match_sizes.py configs/simple_match_sizes/smoke.py

Needs runs with the setting `decomposition.on`. The paper's finding is there where points lie far above the line at size
2, which is one unit to one: what two networks share is spread over many units. What to keep in mind: a layer may have
more simple matches than any search lists. Where it was stopped (each panel and the table say where), the sizes are
those found first, one for each matched unit before any further one; raise `decomposition.simple_matches` and
`decomposition.seconds` for more. Where nothing matches at an ε there are none, and a larger ε has smaller ones.
"""

from functools import partial

from jaxrepsim.pipeline.finished_runs import Needs, Sources, finished
from jaxrepsim.pipeline.publish import publish, script
from jaxrepsim.report.experiments.simple_match_sizes import simple_match_distribution
from jaxrepsim.report.sections.decomposition import decomposition_rows
from jaxrepsim.report.sections.decomposition.simple_matches import any_simple

COLUMNS = ["layer", "ε", "pairs", "complete", "found", "one to one", "least", "median", "most"]
"""Of `pairs` searched, in so many the search was `complete`; sizes are units of both sides."""


def main(sources: Sources) -> None:
    """Prints the table of each run, and draws its figure into its figures folder, one column wide.

    Args:
        sources: Config files, folders of finished runs, or folders of such folders.
    """
    for run in finished(sources, Needs(any_simple, "decomposition.on")):
        rows = [
            [
                *(row.layer, row.epsilon),
                *map(str, (row.searched, row.complete, row.found, row.single)),
                *(f"{size:g}" for size in row.sizes),
            ]
            for row in decomposition_rows(run.results)
            if row.sizes is not None
        ]
        publish(
            [run],
            "simple_match_sizes",
            f"Sizes of simple matches, units of both sides: {run.name}",
            COLUMNS,
            rows,
            partial(simple_match_distribution, run.results, "single"),
        )


if __name__ == "__main__":
    script(main)
