"""Networks that were trained before, from their checkpoints: after the last or best epoch, or after chosen ones."""

from pathlib import Path

from jaxrepsim.data.dataset import Dataset
from jaxrepsim.errors import InputError
from jaxrepsim.models.network import Network
from jaxrepsim.training.checkpoint_file import Checkpoint
from jaxrepsim.training.checkpoints import Checkpoints
from jaxrepsim.training.config import TrainingConfig
from jaxrepsim.training.fingerprint import fingerprint
from jaxrepsim.training.keys import keys
from jaxrepsim.training.records import TrainedNetwork, best_epoch
from jaxrepsim.training.step import Recipe, TrainState, abstract_state, initial_state, make_recipe


def load_network(model: Network, dataset: Dataset, config: TrainingConfig, seed: int, folder: Path) -> TrainedNetwork:
    """A network that was trained before, from its last or best checkpoint. Nothing is trained or written.

    Args:
        model: As in `train_network`.
        dataset: As in `train_network`.
        config: As in `train_network`.
        seed: As in `train_network`.
        folder: As in `train_network`.

    Returns:
        What `train_network` returned with the same arguments.

    Raises:
        InputError: There is no checkpoint, its training was not finished, it is damaged, other settings made it,
            or there is none of the best epoch, where `config.checkpoint` asks for that.
    """
    recipe = make_recipe(model, config, len(dataset.train.labels), dataset.mean, dataset.std)
    checkpoints, like, last = _open(recipe, dataset, config, seed, folder)
    done = len(last.history) if last else 0
    if last is None or done < config.epochs:
        raise InputError(
            f"the network in {checkpoints.folder} was trained for {done} of {config.epochs} epochs: go on training it"
        )
    if config.checkpoint == "best":
        weights = checkpoints.best(like, last.history)
        return TrainedNetwork(seed, weights, last.history, best_epoch(last.history))
    return TrainedNetwork(seed, last.state.variables, last.history, done)


def networks_over_training(
    model: Network, dataset: Dataset, config: TrainingConfig, seed: int, folder: Path
) -> tuple[TrainedNetwork, ...]:
    """A network as it was after each of the epochs in `config.keep`. Nothing is trained or written.

    Epoch 0 is the network before its first step. It is a function of the seed alone and drawn anew, so that
    `keep=(0,)` needs no trained network. All later ones are read from the checkpoints that `train_network` wrote.

    Args:
        model: As in `train_network`.
        dataset: As in `train_network`.
        config: As in `train_network`.
        seed: As in `train_network`.
        folder: As in `train_network`. Its training may still be under way, if it has reached the epochs.

    Returns:
        One network an epoch, in the order of `config.keep`. At epoch 0 the `history` is empty, so that only
        `validation_accuracy` gives the accuracy.

    Raises:
        InputError: There is no checkpoint, its training has not reached an epoch yet or is past one whose checkpoint
            did not stay, a checkpoint is damaged, or other settings made it.
    """
    recipe = make_recipe(model, config, len(dataset.train.labels), dataset.mean, dataset.std)
    networks = []
    if 0 in config.keep:
        start = initial_state(recipe, dataset.train.images.shape[1:], keys(config, seed).initialisation)
        networks.append(TrainedNetwork(seed, start.variables, ()))
    trained = tuple(epoch for epoch in config.keep if epoch > 0)
    if not trained:
        return tuple(networks)
    checkpoints, like, last = _open(recipe, dataset, config, seed, folder)
    done = len(last.history) if last else 0
    checkpoints.require_kept(trained, done)
    if done < trained[-1]:
        raise InputError(
            f"keep asks for epoch {trained[-1]}, and the network in {checkpoints.folder} was trained for {done} of "
            f"{config.epochs} epochs: go on training it"
        )
    for epoch in trained:
        state, history, _ = checkpoints.at(like, epoch)
        networks.append(TrainedNetwork(seed, state.variables, history, epoch))
    return tuple(networks)


def _open(
    recipe: Recipe, dataset: Dataset, config: TrainingConfig, seed: int, folder: Path
) -> tuple[Checkpoints, TrainState, Checkpoint | None]:
    """A network's checkpoints, the shapes of its state, and the checkpoint of the last epoch that has one.

    The last is read whatever is asked for: a folder of another training is reported as such, not as one that lacks an
    epoch.
    """
    path = folder / f"seed_{seed}"
    if not path.is_dir():
        raise InputError(f"there is no trained network in {path}: train it first")
    checkpoints = Checkpoints(path, config, fingerprint(recipe.model, dataset, config, seed))
    like = abstract_state(recipe, dataset.train.images.shape[1:])
    epochs = checkpoints.epochs
    return checkpoints, like, checkpoints.at(like, epochs[-1]) if epochs else None
