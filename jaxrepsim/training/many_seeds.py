"""Training one network for each seed."""

from pathlib import Path

from flax import linen as nn

from jaxrepsim.data.dataset import Dataset
from jaxrepsim.training.config import TrainingConfig
from jaxrepsim.training.one_seed import train_network
from jaxrepsim.training.progress import Progress, silent
from jaxrepsim.training.trained import TrainedNetwork


def train_networks(
    model: nn.Module,
    dataset: Dataset,
    config: TrainingConfig,
    folder: Path | None = None,
    progress: Progress = silent,
) -> tuple[TrainedNetwork, ...]:
    """Trains one network for each of `config.seeds`, one after the other.

    They share the compiled step. One after the other and not vmapped: over seeds convolutions become grouped ones,
    which a CPU runs several times slower.

    Args:
        model: As in `train_network`.
        dataset: As in `train_network`.
        config: As in `train_network`; `config.seeds` says which networks.
        folder: As in `train_network`. Networks whose checkpoints are complete are not trained again.
        progress: As in `train_network`.

    Returns:
        The networks, in the order of `config.seeds`.

    Raises:
        InputError: As in `train_network`.
    """
    return tuple(train_network(model, dataset, config, seed, folder, progress) for seed in config.seeds)
