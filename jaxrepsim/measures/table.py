"""The table of all measures: what each is, what changes it, and what it needs."""

import math
from collections.abc import Callable

from jaxrepsim.measures.angular_procrustes import angular_procrustes
from jaxrepsim.measures.bures import bures
from jaxrepsim.measures.cca import cca
from jaxrepsim.measures.debiased_cka import debiased_cka
from jaxrepsim.measures.joint_similarity import joint_similarity
from jaxrepsim.measures.linear_cka import linear_cka
from jaxrepsim.measures.linear_regression import linear_regression
from jaxrepsim.measures.match_auc import match_auc
from jaxrepsim.measures.match_similarity import match_similarity
from jaxrepsim.measures.measure import INVARIANCES, ROTATIONS, Invariance, Measure
from jaxrepsim.measures.mutual_knn import mutual_knn
from jaxrepsim.measures.permutation import permutation
from jaxrepsim.measures.procrustes import procrustes
from jaxrepsim.measures.pwcca import pwcca
from jaxrepsim.measures.rbf_cka import rbf_cka
from jaxrepsim.measures.ridge import ridge
from jaxrepsim.measures.rsa import rsa
from jaxrepsim.measures.shape_distance import shape_distance
from jaxrepsim.measures.soft_matching import soft_matching
from jaxrepsim.measures.svcca import svcca


def _rotation(function: Callable, **row: object) -> Measure:
    """A row of a symmetric measure of inner products that centres, and that rotations do not change."""
    defaults = {"metric": False, "symmetric": True, "invariances": ROTATIONS, "needs": "compressed", "constant": 0.0}
    return Measure(function, **defaults | row)  # pyright: ignore[reportArgumentType]


_UNITS: frozenset[Invariance] = frozenset(("isotropic_scaling", "unit_scaling", "permutation"))
_MORE = "ten samples a unit or more"
_CHANCE_MATCH = "0 or nearly, with ten samples a unit or more; see jaxrepsim.chance"

MEASURES: dict[str, Measure] = {
    "match_similarity": _rotation(
        match_similarity,
        kind="similarity",
        range=(0.0, 1.0),
        invariances=_UNITS,
        samples=_MORE,
        bias=_CHANCE_MATCH,
        source="Wang et al. 2018 (arXiv:1810.11750), definition 3",
        reference="an oracle of their algorithm 1 (tests/reference)",
    ),
    "match_auc": _rotation(
        match_auc,
        kind="similarity",
        range=(0.0, 1.0),
        invariances=_UNITS,
        samples=_MORE,
        bias=_CHANCE_MATCH,
        source="the match: Wang et al. 2018 (arXiv:1810.11750); the mean over ε is ours",
        reference="an oracle of peeling (tests/reference)",
    ),
    "joint_similarity": _rotation(
        joint_similarity,
        kind="similarity",
        range=(0.0, 1.0),
        invariances=_UNITS,
        samples=_MORE,
        bias=_CHANCE_MATCH,
        source="ours, after Wang et al. 2018 (arXiv:1810.11750), definition 3",
        reference="an oracle of peeling (tests/reference)",
    ),
    "linear_cka": _rotation(
        linear_cka,
        kind="similarity",
        range=(0.0, 1.0),
        samples="many more samples than units",
        bias="about n / (n + m) for n Gaussian units a side on m samples",
        source="Kornblith et al. 2019 (arXiv:1905.00414), section 3",
        reference="google-research/representation_similarity",
        gradient=True,
    ),
    "debiased_cka": _rotation(
        debiased_cka,
        kind="similarity",
        range=(-1.0, 1.0),
        needs="squares",
        samples="4 or more",
        bias="about 0",
        source="Song et al. 2012 (JMLR 13), equation 4; Nguyen et al. 2021 (arXiv:2010.15327)",
        reference="google-research/representation_similarity",
        gradient=True,
    ),
    "rbf_cka": _rotation(
        rbf_cka,
        kind="similarity",
        range=(0.0, 1.0),
        needs="rows",
        samples="many more samples than units, and memory for samples²",
        bias="above that of linear_cka; nearer to 1 the smaller the scale",
        source="Kornblith et al. 2019 (arXiv:1905.00414), section 3",
        reference="google-research/representation_similarity",
        gradient=True,
    ),
    "cca": _rotation(
        cca,
        kind="similarity",
        range=(0.0, 1.0),
        invariances=frozenset(INVARIANCES),
        samples="many more samples than units; with no more than units it is 1",
        bias="about √(n/m) for n Gaussian units a side on m samples",
        source="Hotelling 1936; Raghu et al. 2017 (arXiv:1706.05806)",
        reference="google/svcca",
    ),
    "svcca": _rotation(
        svcca,
        kind="similarity",
        range=(0.0, 1.0),
        samples="many more samples than components that are kept",
        bias="as cca, of the components that are kept",
        source="Raghu et al. 2017 (arXiv:1706.05806), section 2",
        reference="google/svcca, of the same components",
    ),
    "pwcca": _rotation(
        pwcca,
        kind="similarity",
        range=(0.0, 1.0),
        symmetric=False,
        invariances=frozenset(("isotropic_scaling", "permutation", "translation")),
        samples="many more samples than units; with no more than units it is 1",
        bias="about that of cca",
        source="Morcos et al. 2018 (arXiv:1806.05759), section 2.1",
        reference="google/svcca, of centred activations",
    ),
    "procrustes": _rotation(
        procrustes,
        kind="distance",
        range=(0.0, math.sqrt(2)),
        metric=True,
        constant=math.sqrt(2),
        samples="many more samples than units",
        bias="√2 only for m ≫ n: shorter by chance",
        source="Schönemann 1966; Williams et al. 2021 (arXiv:2110.14739)",
        reference="netrep",
        gradient=True,
    ),
    "angular_procrustes": _rotation(
        angular_procrustes,
        kind="distance",
        range=(0.0, math.pi / 2),
        metric=True,
        constant=math.pi / 2,
        samples="many more samples than units",
        bias="π/2 only for m ≫ n: smaller by chance",
        source="Williams et al. 2021 (arXiv:2110.14739), equation 5",
        reference="netrep, LinearMetric(alpha=1)",
        gradient=True,
    ),
    "shape_distance": _rotation(
        shape_distance,
        kind="distance",
        range=(0.0, math.pi / 2),
        metric=True,
        invariances=ROTATIONS - {"isotropic_scaling"},
        constant=math.pi / 2,
        samples="many more samples than units",
        bias="π/2 only for m ≫ n: smaller by chance",
        source="Williams et al. 2021 (arXiv:2110.14739), section 2.2",
        reference="netrep, LinearMetric(alpha)",
    ),
    "bures": _rotation(
        bures,
        kind="similarity",
        range=(0.0, 1.0),
        samples="many more samples than units",
        bias="about √(n/m) for n Gaussian units a side on m samples",
        source="Tang et al. 2020 (arXiv:2003.11370)",
        reference="netrep, sq_bures_metric",
        gradient=True,
    ),
    "linear_regression": _rotation(
        linear_regression,
        kind="similarity",
        range=(0.0, 1.0),
        symmetric=False,
        samples="many more samples than units of y; with no more it is 1",
        bias="about n_y / m",
        source="Kornblith et al. 2019 (arXiv:1905.00414), equation 5",
        reference="numpy.linalg.lstsq",
    ),
    "ridge": _rotation(
        ridge,
        kind="similarity",
        range=(-math.inf, 1.0),
        symmetric=False,
        needs="rows",
        samples="at least as many as folds",
        bias="0 or a little below",
        source="Hoerl and Kennard 1970; nested cross-validation, Stone 1974",
        reference="scikit-learn, Ridge within folds",
    ),
    "mutual_knn": _rotation(
        mutual_knn,
        kind="similarity",
        range=(0.0, 1.0),
        invariances=ROTATIONS - {"translation"},
        needs="rows",
        samples="more than k",
        bias="k / (m − 1)",
        source="Huh et al. 2024 (arXiv:2405.07987), appendix A",
        reference="platonic-rep, of normalised activations",
    ),
    "rsa": _rotation(
        rsa,
        kind="similarity",
        range=(-1.0, 1.0),
        invariances=frozenset(("isotropic_scaling", "permutation")),
        needs="rows",
        samples="3 or more, and memory for samples²",
        bias="0",
        source="Kriegeskorte et al. 2008 (Front. Syst. Neurosci. 2)",
        reference="rsatoolbox, compare",
    ),
    "soft_matching": _rotation(
        soft_matching,
        kind="distance",
        range=(0.0, 2.0),
        metric=True,
        invariances=_UNITS | {"translation"},
        constant=1.0,
        samples="many",
        bias="below √2, as the best of many assignments; more so the fewer samples",
        source="Khosla and Williams 2024 (arXiv:2311.09466), equation 4, of units of norm 1",
        reference="POT, emd2",
    ),
    "permutation": _rotation(
        permutation,
        kind="similarity",
        range=(-1.0, 1.0),
        invariances=_UNITS | {"translation"},
        samples="many",
        bias="above 0, as the best of many assignments; more so the fewer samples",
        source="Li et al. 2015 (arXiv:1511.07543), section 3",
        reference="scipy.optimize.linear_sum_assignment",
    ),
}
"""By name. Another measure is its file and a row here."""
