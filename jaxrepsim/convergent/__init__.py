"""Convergent Learning: units aligned one to one, one to many and many to many.

Where the theory of subspace match asks which sets of units span the same, these techniques align units by how they
vary together: by correlation or mutual information, one partner each (`bipartite_match`, `semi_match`); by sparse
linear prediction from few units of the other network (`sparse_prediction`); by clusters of units of both networks
(`spectral_clusters`). Activations are centred here, and a unit that never varies has correlation 0 with everything.

Source: Li, Yosinski, Clune, Lipson and Hopcroft 2015, arXiv:1511.07543.
"""

from jaxrepsim.convergent import moments as moments
from jaxrepsim.convergent.moments import Moments as Moments
