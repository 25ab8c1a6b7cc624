"""Made-up results, of which each variable has a name of its own, as the tree of groups that a results file is."""

from collections.abc import Iterable

import numpy as np
from xarray import Dataset, DataTree, merge

from jaxrepsim.report.schema import tree

_VARIABLES = {
    "networks": "accuracy train_loss validation_accuracy",
    "similarity": "similarity matched_x matched_y profile_x profile_y units samples dead",
    "minimal_matches": "minimal_unit:sampled_unit minimal_size_x:size_x minimal_size_y:size_y",
    "decomposition": (
        "simple_x simple_y simple_below simple_complete certified_minimum certified_several parts "
        "smallest_size smallest_bound"
    ),
    "stability": "theta_lower theta_upper stable stable_from stable_to",
    "chance": (
        "chance_observed:observed chance_samples:samples chance_shuffled:shuffled chance_random:random "
        "chance_untrained:untrained p_shuffled p_random residual_x residual_y held_out_x held_out_y"
    ),
    "measures": "measure_value:value measure_swapped:swapped measure_p:p measure_calibrated:calibrated",
    "joint": "joint_similarity:similarity joint_profile:profile joint_matched:matched",
    "dimensionality": "participation_ratio effective_rank",
    "across_layers": "across:similarity across_value:value across_samples:samples across_pooled:pooled units_x units_y",
    "over_training": "training_similarity:similarity checkpoint_accuracy:accuracy",
    "one_to_one": (
        "unit_mean unit_std constant correlation correlation_within partner best_x best_y aligned_samples:samples"
    ),
    "mutual_information": (
        "mutual_information information_partner:partner information_best_x:best_x information_best_y:best_y"
    ),
    "sparse_prediction": (
        "fitted_r2_x fitted_r2_y held_out_r2_x held_out_r2_y predictors_x predictors_y fitted_samples held_out_samples"
    ),
    "clusters": (
        "cluster_count:count cluster_x cluster_y tree_x tree_y leaf_x leaf_y mixed_by_chance_cluster "
        "mixed_by_chance_tree"
    ),
    "exciting_images": (
        "shown_x:unit_x shown_y:unit_y shown_correlation:correlation exciting_x:image_x exciting_y:image_y "
        "exciting_value_x:value_x exciting_value_y:value_y row_x row_y column_x column_y pixels"
    ),
}
GROUPS = {
    group: {name.partition(":")[0]: name.rpartition(":")[2] for name in names.split()}
    for group, names in _VARIABLES.items()
}
"""For each group, the names of its variables by those that they have in one dataset of all variables."""
OPTIONAL = tuple(group for group in GROUPS if group not in ("networks", "similarity", "minimal_matches"))
"""The groups that `groups.add_groups` adds."""


def as_tree(flat: Dataset) -> DataTree:
    """The tree of results.

    Args:
        flat: All variables, with the names that `GROUPS` gives; a group of which it holds none is left out.
    """
    groups = {}
    for group, names in GROUPS.items():
        held = Dataset({new: flat[old] for old, new in names.items() if old in flat})
        if held:
            groups[group] = held.rename({"shown": "partners"} if "shown" in held.dims else {})
    return tree(groups, flat.attrs)


def as_flat(results: DataTree) -> Dataset:
    """All variables in one dataset, which `as_tree` takes back."""
    parts = [results.to_dataset()]
    for group, names in GROUPS.items():
        if group in results.children:
            node = results[group].to_dataset()
            held = Dataset({old: node[new] for old, new in names.items() if new in node})
            parts.append(held.rename({"partners": "shown"} if "partners" in held.dims else {}))
    return merge(parts, combine_attrs="drop").assign_attrs(results.attrs)


def with_padding(results: DataTree, groups: Iterable[str]) -> DataTree:
    """The same results, of which nothing in these groups was computed: all values are padding."""
    padded = results.copy(deep=True)
    for group in groups:
        for variable in padded[group].data_vars.values():
            variable[:] = {"i": -1, "u": 0}.get(variable.dtype.kind, np.nan)
    return padded
