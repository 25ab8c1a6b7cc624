"""Figures and tables that hold several runs against one another: each takes results by the runs' names."""

from jaxrepsim.report.several.compared import compared_table as compared_table
from jaxrepsim.report.several.compared import runs_by_depth as runs_by_depth
from jaxrepsim.report.several.panels import depth_panels as depth_panels
from jaxrepsim.report.several.panels import depth_rows as depth_rows
from jaxrepsim.report.several.widths import by_width as by_width
from jaxrepsim.report.several.widths import similarity_by_width as similarity_by_width
from jaxrepsim.report.several.widths import width_label as width_label
from jaxrepsim.report.several.widths import width_rows as width_rows
