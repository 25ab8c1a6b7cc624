"""What similarity would chance give? Nulls to hold a similarity against, and residuals that chance does not lower.

Two networks match partly because subspaces of few samples meet: the span of n random units on m samples leaves 1 − n/m
of the square of a unit that has nothing to do with it, on average, and nothing at all once n reaches m. How much of a
similarity is that depends on what is held to be chance. Each null keeps something of the networks, and destroys the
rest:

**Shuffled samples** (`shuffled_profiles`) keep each network's own geometry, that is all inner products within it, and
the distribution of its activations. Which sample of one belongs to which of the other is destroyed. Nothing is
centred, so the mean direction that ReLU activations share is kept too: it is the same for every order of the samples.
At large ε much matches by that direction alone, and the chance similarity is well above zero. What is above this null
is due to the two networks seeing the same inputs.

**Random vectors of the same spectrum** (`random_profiles`) keep each network's own geometry as well, and put the one in
a random place: the shared mean direction, the signs and the sparsity of activations are destroyed. What is left is the
meeting of subspaces of that many dimensions, with that spectrum, in that many samples.

**Untrained networks** keep the architecture and the inputs, and destroy what was learned. They are other activations
and not another computation: train no epoch, and match as usual.

`p_value` says how often a null reaches what was observed, and `similarity_against_chance` does all for a list of ε.
`calibrate` holds any measure of `jaxrepsim.measures.MEASURES` against shuffled samples, and `calibrate_layers` the best
of many layers.
`cross_validated_residuals` needs no null: what is fitted on half of the samples is measured on the other half.

Everything here but `random_profiles` needs raw activations, one row a sample. Compressed ones have no samples left to
permute or to split.
"""

from jaxrepsim.chance.against_chance import AgainstChance as AgainstChance
from jaxrepsim.chance.against_chance import similarity_against_chance as similarity_against_chance
from jaxrepsim.chance.calibration import Calibration as Calibration
from jaxrepsim.chance.calibration import LayerCalibration as LayerCalibration
from jaxrepsim.chance.calibration import calibrate as calibrate
from jaxrepsim.chance.calibration import calibrate_layers as calibrate_layers
from jaxrepsim.chance.cross_validation import cross_validated_residuals as cross_validated_residuals
from jaxrepsim.chance.p_values import p_value as p_value
from jaxrepsim.chance.random_subspaces import random_profiles as random_profiles
from jaxrepsim.chance.shuffled import shuffled_profiles as shuffled_profiles
