"""Tables, figures and the report page: everything here takes results and computes none.

    results = xarray.open_datatree("results.nc", engine="h5netcdf")
    build(results, "report.html")                           # one page with everything
    write_figures(results, "figures", column="single")      # for a paper
    write_tables(results, "tables")                         # for other programs

Each subject is a section (`SECTIONS`): the variables of its group of results, its table, its sentences and its figures.
`jaxrepsim.report.schema` says what results hold.
"""

from jaxrepsim.extras import needs

with needs("plots", "jaxrepsim.report"):
    from jaxrepsim.report.figure import Drawing as Drawing
    from jaxrepsim.report.files import draw as draw
    from jaxrepsim.report.files import write_figures as write_figures
    from jaxrepsim.report.files import write_tables as write_tables
    from jaxrepsim.report.page import build as build
    from jaxrepsim.report.schema import check as check
    from jaxrepsim.report.section import Section as Section
    from jaxrepsim.report.section import Variable as Variable
    from jaxrepsim.report.sections import SECTIONS as SECTIONS
