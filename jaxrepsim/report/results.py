"""The type of results that were checked: xarray's tree, of which a path is known to lead to a variable."""

from typing import TYPE_CHECKING

from xarray import DataTree

if TYPE_CHECKING:
    from xarray import DataArray

    class Results(DataTree):
        """What `jaxrepsim.report.check` gives: `results["chance/observed"]` is a variable."""

        def __getitem__(self, key: str) -> DataArray: ...
else:
    Results = DataTree
