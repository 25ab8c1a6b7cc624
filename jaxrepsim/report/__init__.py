"""Tables, plots and the report page: everything here takes results and computes none.

    results = xarray.open_dataset("results.nc", engine="h5netcdf")
    build(results, "report.html")                           # one page with everything
    write_figures(results, "figures", column="single")      # for a paper
    write_csv(results, "similarity.csv")                    # for other programs
    write_tables(results, "tables")                         # the optional groups of results, where there are any

`jaxrepsim.report.schema` says what the Dataset must hold.
"""

from jaxrepsim.report.across import across_layers as across_layers
from jaxrepsim.report.certificates import certificate_shares as certificate_shares
from jaxrepsim.report.chance import similarity_and_chance as similarity_and_chance
from jaxrepsim.report.cluster_blocks import clustered_correlations as clustered_correlations
from jaxrepsim.report.depth import similarity_by_depth as similarity_by_depth
from jaxrepsim.report.exciting import exciting_images as exciting_images
from jaxrepsim.report.figures import FAMILIES as FAMILIES
from jaxrepsim.report.figures import Family as Family
from jaxrepsim.report.figures import write_figures as write_figures
from jaxrepsim.report.findings import details as details
from jaxrepsim.report.findings import headline as headline
from jaxrepsim.report.heatmap import profile_heatmap as profile_heatmap
from jaxrepsim.report.held_out import held_out_residuals as held_out_residuals
from jaxrepsim.report.information import information_and_correlation as information_and_correlation
from jaxrepsim.report.joint import joint_by_depth as joint_by_depth
from jaxrepsim.report.long_tables import write_tables as write_tables
from jaxrepsim.report.matrices import correlation_matrices as correlation_matrices
from jaxrepsim.report.minimal import minimal_match_sizes as minimal_match_sizes
from jaxrepsim.report.mixed_clusters import mixing_by_depth as mixing_by_depth
from jaxrepsim.report.ordered import ordered_correlations as ordered_correlations
from jaxrepsim.report.over_training import similarity_over_training as similarity_over_training
from jaxrepsim.report.page import build as build
from jaxrepsim.report.partners import best_and_one_to_one as best_and_one_to_one
from jaxrepsim.report.predictors_needed import predictor_bars as predictor_bars
from jaxrepsim.report.profiles import match_profiles as match_profiles
from jaxrepsim.report.schema import check as check
from jaxrepsim.report.schema import holds as holds
from jaxrepsim.report.simple_matches import simple_match_order as simple_match_order
from jaxrepsim.report.sparse import sparse_prediction as sparse_prediction
from jaxrepsim.report.tables import similarity_table as similarity_table
from jaxrepsim.report.tables import write_csv as write_csv
from jaxrepsim.report.training import training_curves as training_curves
