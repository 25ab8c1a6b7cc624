"""One step of SGD, as a pure function, and the state it advances."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxrepsim._typing import Array, Float, Int, Key
from jaxrepsim.errors import InputError
from jaxrepsim.models.network import Network
from jaxrepsim.training.augment import augment, normalise
from jaxrepsim.training.config import NO_EFFECT_ON_WEIGHTS, TrainingConfig
from jaxrepsim.training.schedule import learning_rate

DEFAULTS = TrainingConfig()


class TrainState(NamedTuple):
    """All that training changes.

    Fields:
        params: The weights, as Flax nests them.
        batch_stats: Running means and variances of the batch norms; an empty dict where there are none.
        optimizer: Optax's state: momenta and the number of steps done.
        others: What else a network of one's own keeps, collection by collection: counts, caches, constants.
    """

    params: Any
    batch_stats: Any
    optimizer: Any
    others: Any

    @property
    def variables(self) -> dict[str, Any]:
        """What `model.apply` takes."""
        return {"params": self.params, "batch_stats": self.batch_stats, **self.others}


class StepMetrics(NamedTuple):
    """What a step saw, before its update.

    Fields:
        loss: Scalar, mean cross entropy over the batch.
        correct: Scalar int32, examples of the batch whose largest logit was the right one.
    """

    loss: Float[Array, ""]
    correct: Int[Array, ""]


@dataclass(frozen=True)
class Recipe:
    """All that fixes the computation of a step. Hashable: jitted functions take it as a static argument, so equal
    recipes compile once, however many seeds they train.
    """

    model: Network
    config: TrainingConfig
    steps_per_epoch: int
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @property
    def optimizer(self) -> optax.GradientTransformation:
        """SGD: g + weight_decay·p goes into the momentum, the momentum times the learning rate off p."""
        rate = learning_rate(self.config, self.steps_per_epoch)
        return optax.chain(
            optax.add_decayed_weights(self.config.weight_decay),
            optax.sgd(rate, momentum=self.config.momentum),
        )


def make_recipe(
    model: Network, config: TrainingConfig, examples: int, mean: tuple[float, ...], std: tuple[float, ...]
) -> Recipe:
    """The recipe of a training.

    Args:
        model: A network whose call gives `(logits, activations)`.
        config: The settings. Those that do not change a step are left out.
        examples: Size of the train split.
        mean: See `normalise`.
        std: See `normalise`.

    Returns:
        The recipe. An epoch has examples // batch_size steps: what does not fill a batch waits for the next epoch's
        permutation.

    Raises:
        InputError: The batch is larger than the train split.
    """
    if config.batch_size > examples:
        raise InputError(f"batch_size {config.batch_size} is more than the {examples} examples of the train split")
    elsewhere = {name: getattr(DEFAULTS, name) for name in (*NO_EFFECT_ON_WEIGHTS, "shared")}
    config = replace(config, **elsewhere)
    return Recipe(model, config, examples // config.batch_size, mean, std)


@partial(jax.jit, static_argnames=("recipe", "input_shape"))
def initial_state(recipe: Recipe, input_shape: tuple[int, int, int], key: Key[Array, ""]) -> TrainState:
    """The state before the first step.

    Args:
        recipe: The recipe.
        input_shape: (height, width, channels) of an image.
        key: The PRNG key that draws the weights.

    Returns:
        Fresh weights and an optimiser at rest.
    """
    variables = recipe.model.init(key, jnp.zeros((1, *input_shape), jnp.float32), train=False)
    params = variables["params"]
    others = {name: values for name, values in variables.items() if name not in ("params", "batch_stats")}
    return TrainState(params, variables.get("batch_stats", {}), recipe.optimizer.init(params), others)


def abstract_state(recipe: Recipe, input_shape: tuple[int, ...]) -> TrainState:
    """The shapes and dtypes of the state, nothing computed."""
    return jax.eval_shape(partial(initial_state, recipe, input_shape), jax.random.key(0))


def train_step(
    recipe: Recipe, state: TrainState, images: Array, labels: Int[Array, "n"], key: Key[Array, ""]
) -> tuple[TrainState, StepMetrics]:
    """One step of SGD on one batch: augmentation, cross entropy, its gradient, the update.

    Pure; the caller jits it, in a loop or in a scan. Forward and backward pass are in `config.precision`, all else in
    float32.

    Args:
        recipe: The recipe.
        state: The state before.
        images: (n, h, w, c), raw pixels, uint8 or floating in [0, 1].
        labels: (n,).
        key: The PRNG key of this step's augmentation and dropout.

    Returns:
        The state after, and the metrics of the batch.
    """
    images = augment(images, key, recipe.config.crop_padding, recipe.config.flip)
    images = normalise(images, recipe.mean, recipe.std).astype(recipe.config.precision)
    # 2, because the augmentation splits its keys off this one, which is the same as folding in 0 and 1.
    dropout = {"dropout": jax.random.fold_in(key, 2)}

    def loss_of(params: Any) -> tuple[Array, tuple[Array, dict[str, Any]]]:
        # The gradient of the cast is one too, so that of the weights is float32 again.
        params = jax.tree.map(lambda leaf: leaf.astype(recipe.config.precision), params)
        variables = state.variables | {"params": params}
        changing = ["batch_stats", *state.others]
        (logits, _), updated = recipe.model.apply(variables, images, train=True, mutable=changing, rngs=dropout)
        logits = logits.astype(jnp.float32)
        loss = optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()
        return loss, (logits, updated)

    (loss, (logits, updated)), gradient = jax.value_and_grad(loss_of, has_aux=True)(state.params)
    updates, optimizer = recipe.optimizer.update(gradient, state.optimizer, state.params)
    correct = jnp.sum(jnp.argmax(logits, axis=1) == labels, dtype=jnp.int32)
    others = {name: updated[name] for name in state.others}
    state = TrainState(optax.apply_updates(state.params, updates), updated.get("batch_stats", {}), optimizer, others)
    return state, StepMetrics(loss, correct)
