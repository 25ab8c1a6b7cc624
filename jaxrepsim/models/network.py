"""What training and comparison ask of a network."""

from typing import Any, Protocol


class Network(Protocol):
    """An architecture without weights: hashable, and two made from equal settings are equal.

    Ours are Flax Linen modules; a module of one's own is brought to this form by `jaxrepsim.models.own`.
    """

    def init(self, rngs: Any, images: Any, /, *, train: bool) -> Any:
        """The variables before training.

        Args:
            rngs: A PRNG key.
            images: (n, h, w, c), of which only the shape counts; or vectors (n, features).
            train: False.

        Returns:
            Arrays in collections: `params`, which training changes, and what calls in training change, such as
            `batch_stats`.
        """
        ...

    def apply(self, variables: Any, images: Any, /, *, train: bool, mutable: Any = False, rngs: Any = None) -> Any:
        """The network's answers.

        Args:
            variables: As of `init`.
            images: (n, h, w, c), or vectors (n, features).
            train: Whether batch norm takes the batch's statistics, and dropout drops.
            mutable: The collections that the call may change.
            rngs: The PRNG key of `dropout`.

        Returns:
            Logits (n, classes), and the layers' activations, an `OrderedDict`; and beside these two, where `mutable`
            names collections, their new values.
        """
        ...
