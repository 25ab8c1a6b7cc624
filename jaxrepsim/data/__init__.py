"""Image sets: tensorflow-datasets, and the digits that scikit-learn ships.

Importing this imports neither of the two; loading does.
"""

from jaxrepsim.data.config import DataConfig as DataConfig
from jaxrepsim.data.dataset import Dataset as Dataset
from jaxrepsim.data.dataset import Split as Split
from jaxrepsim.data.load import load as load
from jaxrepsim.data.progress import Progress as Progress
from jaxrepsim.data.streamed import Streamed as Streamed
