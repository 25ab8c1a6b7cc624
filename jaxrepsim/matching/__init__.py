"""How much of one network's activations another's span: residuals and matches."""

from jaxrepsim.matching.all_pairs import match_profiles as match_profiles
from jaxrepsim.matching.joint import JointMatch as JointMatch
from jaxrepsim.matching.joint import JointProfile as JointProfile
from jaxrepsim.matching.joint import joint_match as joint_match
from jaxrepsim.matching.joint import joint_profile as joint_profile
from jaxrepsim.matching.match import Match as Match
from jaxrepsim.matching.maximum import maximum_match as maximum_match
from jaxrepsim.matching.minimal import minimal_match as minimal_match
from jaxrepsim.matching.minimal import minimal_matches as minimal_matches
from jaxrepsim.matching.profile import MatchProfile as MatchProfile
from jaxrepsim.matching.profile import match_profile as match_profile
from jaxrepsim.matching.residual import residuals as residuals
from jaxrepsim.numerics.precision import resolution as resolution
