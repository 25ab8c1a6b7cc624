"""The layers of models of other frameworks: one file each, imported only where a model is of it."""

from jaxrepsim.frameworks.names import chosen as chosen
from jaxrepsim.frameworks.names import named as named
from jaxrepsim.frameworks.names import without_repeats as without_repeats
from jaxrepsim.frameworks.network import Batch as Batch
from jaxrepsim.frameworks.network import Layer as Layer
from jaxrepsim.frameworks.network import Network as Network
from jaxrepsim.frameworks.on_host import on_host as on_host
from jaxrepsim.frameworks.recognised import network_of as network_of
