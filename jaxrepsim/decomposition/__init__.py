"""The structure of a pair's matches: simple ones, what they need, whether they are the only ones.

`simple_matches` and `smallest_match` need python-sat, `containment` networkx: `pip install "jaxrepsim[decomposition]"`.
"""

from jaxrepsim.decomposition.certificate import Certificates as Certificates
from jaxrepsim.decomposition.certificate import certificates as certificates
from jaxrepsim.decomposition.containment import Granularity as Granularity
from jaxrepsim.decomposition.containment import containment as containment
from jaxrepsim.decomposition.containment import granularity as granularity
from jaxrepsim.decomposition.decompose import Decomposition as Decomposition
from jaxrepsim.decomposition.decompose import decompose as decompose
from jaxrepsim.decomposition.independence import Independence as Independence
from jaxrepsim.decomposition.independence import independence as independence
from jaxrepsim.decomposition.necessary import necessary_units as necessary_units
from jaxrepsim.decomposition.one_unit import minimal_matches_of as minimal_matches_of
from jaxrepsim.decomposition.simple import SimpleMatch as SimpleMatch
from jaxrepsim.decomposition.simple import SimpleMatches as SimpleMatches
from jaxrepsim.decomposition.simple import simple_matches as simple_matches
from jaxrepsim.decomposition.smallest import SmallestMatch as SmallestMatch
from jaxrepsim.decomposition.smallest import smallest_match as smallest_match
from jaxrepsim.decomposition.stability import is_stable as is_stable
from jaxrepsim.decomposition.stability import stable_intervals as stable_intervals
