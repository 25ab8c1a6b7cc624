"""One network at several moments of its training."""

from pathlib import Path

from flax import linen as nn

from jaxrepsim.data.dataset import Dataset
from jaxrepsim.errors import InputError
from jaxrepsim.training.config import TrainingConfig
from jaxrepsim.training.evaluation import evaluate
from jaxrepsim.training.fingerprint import fingerprint
from jaxrepsim.training.keys import keys
from jaxrepsim.training.step import abstract_state, initial_state, make_recipe
from jaxrepsim.training.trained import TrainedNetwork


def networks_over_training(
    model: nn.Module, dataset: Dataset, config: TrainingConfig, seed: int, folder: Path
) -> tuple[TrainedNetwork, ...]:
    """A network as it was after each of the epochs in `config.keep`. Nothing is trained or written.

    Epoch 0 is the network before its first step. It is a function of the seed alone and drawn anew, so that
    `keep=(0,)` needs no trained network. All others are read from the checkpoints that `train_network` kept.

    Args:
        model: As in `train_network`.
        dataset: As in `train_network`.
        config: As in `train_network`.
        seed: As in `train_network`.
        folder: As in `train_network`. Its training may still be under way, if it has reached the epochs.

    Returns:
        One network an epoch, in the order of `config.keep`. At epoch 0 the `history` is empty, so that only
        `validation_accuracy` tells the accuracy.

    Raises:
        InputError: There is no checkpoint, its training has not come to an epoch yet or is past one that it did not
            keep, a checkpoint is damaged, or other settings made it.
    """
    recipe = make_recipe(model, config, len(dataset.train.labels), dataset.mean, dataset.std)
    input_shape = dataset.train.images.shape[1:]
    networks = []
    if 0 in config.keep:
        start = initial_state(recipe, input_shape, keys(config, seed).initialisation)
        networks.append(TrainedNetwork(seed, start.variables, ()))
    trained = [epoch for epoch in config.keep if epoch > 0]
    if not trained:
        return tuple(networks)
    # Here, because Orbax is not needed for an untrained network.
    from jaxrepsim.training.kept import open_kept

    path = folder / f"seed_{seed}"
    if not path.is_dir():
        raise InputError(f"there is no trained network in {path}: train it first")
    identity = fingerprint(model, dataset, config, seed)
    with open_kept(path, config, recipe.steps_per_epoch, identity, read_only=True) as kept:
        done = max(kept.epochs, default=0)
        if done:
            kept.history(done)  # A folder of another training is told as such, not as one without these epochs.
        kept.require(tuple(trained), done)
        if done < trained[-1]:
            raise InputError(
                f"keep asks for epoch {trained[-1]}, and the network in {path} was trained for {done} of "
                f"{config.epochs} epochs: go on training it"
            )
        like = abstract_state(recipe, input_shape)
        for epoch in trained:
            state, history, _ = kept.at(like, epoch)
            networks.append(TrainedNetwork(seed, state.variables, history, epoch))
    return tuple(networks)


def validation_accuracy(model: nn.Module, network: TrainedNetwork, dataset: Dataset, batch_size: int = 128) -> float:
    """The validation accuracy of a network, trained or not.

    A trained one has it on record; an untrained one is run over the validation split.

    Args:
        model: The architecture.
        network: Its weights, at any epoch.
        dataset: As it was for training.
        batch_size: Images at a time, where it is measured. That of the training needs no other program than training.

    Returns:
        The share of right answers.
    """
    if network.epoch:
        return network.accuracy
    return evaluate(model, network.variables, dataset.validation, dataset.mean, dataset.std, batch_size)[1]
