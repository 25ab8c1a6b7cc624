"""Training one network from one seed, and many networks from many."""

from jaxrepsim.training.augment import normalise as normalise
from jaxrepsim.training.config import TrainingConfig as TrainingConfig
from jaxrepsim.training.evaluation import evaluate as evaluate
from jaxrepsim.training.evaluation import validation_accuracy as validation_accuracy
from jaxrepsim.training.load import load_network as load_network
from jaxrepsim.training.load import networks_over_training as networks_over_training
from jaxrepsim.training.progress import Progress as Progress
from jaxrepsim.training.records import EpochRecord as EpochRecord
from jaxrepsim.training.records import TrainedNetwork as TrainedNetwork
from jaxrepsim.training.train import train_network as train_network
from jaxrepsim.training.train import train_networks as train_networks
