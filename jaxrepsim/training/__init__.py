"""Training one network from one seed, and many networks from many.

Settings and records are there without Optax; what trains needs it: `pip install "jaxrepsim[models]"`.
"""

from typing import TYPE_CHECKING

from jaxrepsim import extras
from jaxrepsim.training.augment import normalise as normalise
from jaxrepsim.training.config import TrainingConfig as TrainingConfig
from jaxrepsim.training.progress import Progress as Progress
from jaxrepsim.training.records import EpochRecord as EpochRecord
from jaxrepsim.training.records import TrainedNetwork as TrainedNetwork

if TYPE_CHECKING:
    from jaxrepsim.training.evaluation import evaluate as evaluate
    from jaxrepsim.training.evaluation import validation_accuracy as validation_accuracy
    from jaxrepsim.training.load import load_network as load_network
    from jaxrepsim.training.load import networks_over_training as networks_over_training
    from jaxrepsim.training.train import train_network as train_network
    from jaxrepsim.training.train import train_networks as train_networks

__getattr__, __dir__ = extras.lazily(
    __name__,
    "models",
    {
        "evaluate": "jaxrepsim.training.evaluation",
        "validation_accuracy": "jaxrepsim.training.evaluation",
        "load_network": "jaxrepsim.training.load",
        "networks_over_training": "jaxrepsim.training.load",
        "train_network": "jaxrepsim.training.train",
        "train_networks": "jaxrepsim.training.train",
    },
)
