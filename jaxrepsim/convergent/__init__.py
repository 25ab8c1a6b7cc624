"""Convergent Learning: units aligned one to one, one to many and many to many.

Where the theory of subspace match asks which sets of units span the same, these techniques align units by how they
vary together: by correlation or mutual information, one partner each (`bipartite_match`, `semi_match`); by sparse
linear prediction from few units of the other network (`sparse_prediction`); by clusters of units of both networks
(`spectral_clusters`). Activations are centred here, and a unit that never varies has correlation 0 with everything.

Source: Li, Yosinski, Clune, Lipson and Hopcroft 2015, arXiv:1511.07543.
"""

from jaxrepsim.convergent import joint_counts as joint_counts
from jaxrepsim.convergent import moments as moments
from jaxrepsim.convergent import row_sample as row_sample
from jaxrepsim.convergent.agglomerative import Agglomerative as Agglomerative
from jaxrepsim.convergent.agglomerative import agglomerative as agglomerative
from jaxrepsim.convergent.assignment import bipartite_match as bipartite_match
from jaxrepsim.convergent.assignment import semi_match as semi_match
from jaxrepsim.convergent.binning import bin_edges as bin_edges
from jaxrepsim.convergent.binning import bin_index as bin_index
from jaxrepsim.convergent.correlation import correlation as correlation
from jaxrepsim.convergent.joint_counts import JointCounts as JointCounts
from jaxrepsim.convergent.k_means import KMeans as KMeans
from jaxrepsim.convergent.k_means import k_means as k_means
from jaxrepsim.convergent.lasso import Lasso as Lasso
from jaxrepsim.convergent.lasso import lasso as lasso
from jaxrepsim.convergent.mixing import Mixing as Mixing
from jaxrepsim.convergent.mixing import mixing as mixing
from jaxrepsim.convergent.moments import Moments as Moments
from jaxrepsim.convergent.mutual_information import mutual_information as mutual_information
from jaxrepsim.convergent.one_to_one import OneToOne as OneToOne
from jaxrepsim.convergent.one_to_one import agreement as agreement
from jaxrepsim.convergent.one_to_one import cycle_consistent as cycle_consistent
from jaxrepsim.convergent.one_to_one import one_to_one as one_to_one
from jaxrepsim.convergent.permuted import column_order as column_order
from jaxrepsim.convergent.permuted import permuted as permuted
from jaxrepsim.convergent.rank_correlation import rank_correlation as rank_correlation
from jaxrepsim.convergent.row_sample import RowSample as RowSample
from jaxrepsim.convergent.sparse_prediction import SparsePrediction as SparsePrediction
from jaxrepsim.convergent.sparse_prediction import held_out_r2 as held_out_r2
from jaxrepsim.convergent.sparse_prediction import sparse_prediction as sparse_prediction
from jaxrepsim.convergent.sparse_prediction import sparse_prediction_of as sparse_prediction_of
from jaxrepsim.convergent.spectral import joint_graph as joint_graph
from jaxrepsim.convergent.spectral import laplacian_spectrum as laplacian_spectrum
from jaxrepsim.convergent.spectral import spectral_clusters as spectral_clusters
