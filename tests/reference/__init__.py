"""Oracles: the definitions and the paper's algorithms in NumPy, float64, written for clarity and not for speed.

They share no code with `jaxrepsim`. A subset or a match is one Bool[n_x + n_y] over the joint index: the units of `x`
first, then those of `y`.
"""

from tests.reference.algorithms import Seen as Seen
from tests.reference.algorithms import joint_peel as joint_peel
from tests.reference.algorithms import maximum_match_lstsq as maximum_match_lstsq
from tests.reference.algorithms import minimal_match_lstsq as minimal_match_lstsq
from tests.reference.algorithms import profile_peel as profile_peel
from tests.reference.algorithms import residuals_lstsq as residuals_lstsq
from tests.reference.cases import clear_epsilons as clear_epsilons
from tests.reference.cases import conditioned as conditioned
from tests.reference.cases import conditioned_pair as conditioned_pair
from tests.reference.cases import decidable_pair as decidable_pair
from tests.reference.cases import grouped_pair as grouped_pair
from tests.reference.cases import latent_pair as latent_pair
from tests.reference.cases import logits_pair as logits_pair
from tests.reference.cases import planted_pair as planted_pair
from tests.reference.cases import random_pair as random_pair
from tests.reference.cases import small_pair as small_pair
from tests.reference.cases import with_dead as with_dead
from tests.reference.cases import with_dependent as with_dependent
from tests.reference.definitions import SubsetTable as SubsetTable
from tests.reference.definitions import all_matches as all_matches
from tests.reference.definitions import is_match as is_match
from tests.reference.definitions import joint_table as joint_table
from tests.reference.definitions import maximum_match_brute as maximum_match_brute
from tests.reference.definitions import minimal_matches_brute as minimal_matches_brute
from tests.reference.definitions import necessary_units_brute as necessary_units_brute
from tests.reference.definitions import profile_brute as profile_brute
from tests.reference.definitions import residuals as residuals
from tests.reference.definitions import simple_matches_brute as simple_matches_brute
from tests.reference.definitions import subset_table as subset_table
from tests.reference.definitions import unit_columns as unit_columns
from tests.reference.networks import conditioned_networks as conditioned_networks
from tests.reference.networks import decidable_networks as decidable_networks
from tests.reference.networks import grouped_networks as grouped_networks
from tests.reference.networks import planted_networks as planted_networks
from tests.reference.networks import small_networks as small_networks
