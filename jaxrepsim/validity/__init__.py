"""How good a measure of similarity is: tests of which the right answer is known, for any measure of the table.

Numbers in, numbers out: similarities of layers and networks that somebody has computed (`measured` does), and what
they should be. docs/validity.md has the protocol and its sources; experiments/validity.py runs it.
"""

from jaxrepsim.extras import needs

with needs("measures", "jaxrepsim.validity"):
    from jaxrepsim.validity.bootstrap import interval as interval
    from jaxrepsim.validity.bootstrap import resampled as resampled
    from jaxrepsim.validity.deletion import Deletion as Deletion
    from jaxrepsim.validity.deletion import detection as detection
    from jaxrepsim.validity.deletion import functionality_correlation as functionality_correlation
    from jaxrepsim.validity.deletion import leading as leading
    from jaxrepsim.validity.deletion import probe_accuracy as probe_accuracy
    from jaxrepsim.validity.identification import accuracy as accuracy
    from jaxrepsim.validity.identification import identified as identified
    from jaxrepsim.validity.independent import of_independent as of_independent
    from jaxrepsim.validity.layer_pairs import NAMES as NAMES
    from jaxrepsim.validity.layer_pairs import OF_ROWS as OF_ROWS
    from jaxrepsim.validity.layer_pairs import measured as measured
    from jaxrepsim.validity.layer_pairs import measured_both_ways as measured_both_ways
    from jaxrepsim.validity.layer_pairs import resemblance as resemblance
    from jaxrepsim.validity.layer_pairs import similarity as similarity
    from jaxrepsim.validity.monotonicity import Monotonicity as Monotonicity
    from jaxrepsim.validity.monotonicity import monotonicity as monotonicity
    from jaxrepsim.validity.moved import moved_rows as moved_rows
    from jaxrepsim.validity.optimised import DIFFERENTIABLE as DIFFERENTIABLE
    from jaxrepsim.validity.optimised import Optimised as Optimised
    from jaxrepsim.validity.optimised import optimised as optimised
    from jaxrepsim.validity.outputs import OutputDistances as OutputDistances
    from jaxrepsim.validity.outputs import mantel as mantel
    from jaxrepsim.validity.outputs import output_distances as output_distances
    from jaxrepsim.validity.separation import Separation as Separation
    from jaxrepsim.validity.separation import separation as separation
    from jaxrepsim.validity.verdict import Verdict as Verdict
    from jaxrepsim.validity.verdict import control_holds as control_holds
    from jaxrepsim.validity.verdict import verdict as verdict
