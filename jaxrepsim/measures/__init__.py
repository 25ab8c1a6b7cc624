"""Measures of representations beside the match: pure functions of activations, one per file.

`MEASURES` is the table of those that compare two networks: each a number for a pair.
"""

from jaxrepsim.measures.all_pairs import LINEAR as LINEAR
from jaxrepsim.measures.all_pairs import of_all_pairs as of_all_pairs
from jaxrepsim.measures.angular_procrustes import angular_procrustes as angular_procrustes
from jaxrepsim.measures.bures import bures as bures
from jaxrepsim.measures.cca import cca as cca
from jaxrepsim.measures.debiased_cka import debiased_cka as debiased_cka
from jaxrepsim.measures.dimensionality import Dimensionality as Dimensionality
from jaxrepsim.measures.dimensionality import dimensionality as dimensionality
from jaxrepsim.measures.joint_similarity import joint_similarity as joint_similarity
from jaxrepsim.measures.linear_cka import linear_cka as linear_cka
from jaxrepsim.measures.linear_regression import linear_regression as linear_regression
from jaxrepsim.measures.match_auc import match_auc as match_auc
from jaxrepsim.measures.match_similarity import match_similarity as match_similarity
from jaxrepsim.measures.measure import INVARIANCES as INVARIANCES
from jaxrepsim.measures.measure import Measure as Measure
from jaxrepsim.measures.mutual_knn import mutual_knn as mutual_knn
from jaxrepsim.measures.of_rows import OF_ROWS as OF_ROWS
from jaxrepsim.measures.permutation import permutation as permutation
from jaxrepsim.measures.procrustes import procrustes as procrustes
from jaxrepsim.measures.pwcca import pwcca as pwcca
from jaxrepsim.measures.rbf_cka import rbf_cka as rbf_cka
from jaxrepsim.measures.ridge import ridge as ridge
from jaxrepsim.measures.rsa import rsa as rsa
from jaxrepsim.measures.shape_distance import shape_distance as shape_distance
from jaxrepsim.measures.soft_matching import soft_matching as soft_matching
from jaxrepsim.measures.svcca import svcca as svcca
from jaxrepsim.measures.table import MEASURES as MEASURES
