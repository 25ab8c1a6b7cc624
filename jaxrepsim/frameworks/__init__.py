"""The layers of models of other frameworks: one file each, imported only where a model is of it."""

from jaxrepsim.frameworks.names import chosen as chosen
from jaxrepsim.frameworks.names import named as named
from jaxrepsim.frameworks.names import without_repeats as without_repeats
