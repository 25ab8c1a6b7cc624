"""Training one network from one seed."""

from pathlib import Path

from flax import linen as nn

from jaxrepsim.data.dataset import Dataset
from jaxrepsim.errors import InputError
from jaxrepsim.training.config import TrainingConfig
from jaxrepsim.training.fingerprint import fingerprint
from jaxrepsim.training.progress import Progress, silent
from jaxrepsim.training.step import abstract_state, make_recipe
from jaxrepsim.training.together import train_together
from jaxrepsim.training.trained import TrainedNetwork, best_epoch


def train_network(
    model: nn.Module,
    dataset: Dataset,
    config: TrainingConfig,
    seed: int,
    folder: Path | None = None,
    progress: Progress = silent,
) -> TrainedNetwork:
    """Trains a network, or goes on from its last checkpoint.

    The seed fixes the initial weights, the order of the examples, augmentation and dropout (but for what
    `config.shared` takes from seed 0); nothing else is random. On one platform the same arguments give the same weights
    bit for bit, whether or not the training was interrupted (killed at any moment) and whichever other networks are
    trained after it. Each batch is spread over as many local devices as it can be dealt out to; another number of
    devices changes the rounding.

    Where SIGTERM is heeded (`jaxrepsim.preemption`), training stops after the step under way, or after the epoch where
    an accelerator runs it as one program, and writes a checkpoint of that moment.

    Args:
        model: A network whose call gives `(logits, activations)`, such as `jaxrepsim.models.build` makes.
        dataset: Train and validation split.
        config: The settings; `config.seeds` plays no part. The checkpoints of `config.keep` stay beside the last two;
            a training that goes on with another `keep` removes what that one does not ask for.
        seed: From 0 to 2³¹ − 1.
        folder: Where the checkpoints go, in a subfolder `seed_N`; None for no checkpoints.
        progress: Told of every step, or of every epoch: see `Progress`.

    Returns:
        The network after `config.epochs` epochs, or after the best one. A complete checkpoint is returned as it is.

    Raises:
        InputError: The batch is larger than the train split; the loss stopped being finite; the folder holds a
            damaged checkpoint or one of other settings, or is past an epoch of `config.keep`, or the best one that
            `config.checkpoint` asks for, and does not hold it; the disk is full.
        Preempted: The process was asked to stop. Names seed, epoch and step.
    """
    (network,) = train_together(model, dataset, config, (seed,), folder, progress)
    return network


def load_network(model: nn.Module, dataset: Dataset, config: TrainingConfig, seed: int, folder: Path) -> TrainedNetwork:
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
            or it did not keep the best epoch that `config.checkpoint` asks for.
    """
    # Here, because Orbax is not needed to train without a folder.
    from jaxrepsim.training.kept import open_kept

    path = folder / f"seed_{seed}"
    if not path.is_dir():
        raise InputError(f"there is no trained network in {path}: train it first")
    recipe = make_recipe(model, config, len(dataset.train.labels), dataset.mean, dataset.std)
    like = abstract_state(recipe, dataset.train.images.shape[1:])
    identity = fingerprint(model, dataset, config, seed)
    with open_kept(path, config, recipe.steps_per_epoch, identity, read_only=True) as kept:
        done = max(kept.epochs, default=0)
        history = kept.history(done) if done else ()
        if done < config.epochs:
            raise InputError(
                f"the network in {path} was trained for {done} of {config.epochs} epochs: go on training it"
            )
        if config.checkpoint == "best":
            return TrainedNetwork(seed, kept.best(like, history), history, best_epoch(history))
        return TrainedNetwork(seed, kept.at(like, done).state.variables, history, done)
