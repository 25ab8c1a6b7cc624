"""Certificates: whether a unit has one v-minimal match, or several."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, ArrayLike, Bool
from jaxrepsim.decomposition.necessary import necessary_in
from jaxrepsim.matching.asked import Asked
from jaxrepsim.matching.match import Match
from jaxrepsim.matching.minimal import Networks, checked
from jaxrepsim.matching.prepared import prepared
from jaxrepsim.numerics.gradients import without_gradient
from jaxrepsim.numerics.inputs import on_device, on_host, traced


class Certificates(NamedTuple):
    """For every unit v, by joint index: the v-minimum match, or two different v-minimal matches."""

    necessary: Bool[Array, "*batch n n"]
    """[u, v]: every match with v needs u."""
    first: Match
    """(n, n_x) and (n, n_y): a v-minimal match; empty where v is in no match."""
    second: Match
    """(n, n_x) and (n, n_y): another one; empty where there is none."""

    @property
    def minimum(self) -> Bool[Array, "*batch n"]:
        """Whether v has exactly one v-minimal match, `first`: its v-minimum match."""
        return (self.first.size > 0) & (self.second.size == 0)

    @property
    def several(self) -> Bool[Array, "*batch n"]:
        """Whether v has several v-minimal matches, of which `first` and `second` are two."""
        return self.second.size > 0


def certificates(x: ArrayLike, y: ArrayLike, epsilon: ArrayLike) -> Certificates:
    """For every unit v the proof that it has one v-minimum match, and which; or two different v-minimal matches.

    The units necessary for v lie in every match with v. So if they are a v-minimal match it is the only one; and if
    there is only one, every match with v contains it, and it is just the necessary units. If a v-minimal match holds a
    unit u that is not necessary, v survives without u, and a search there finds a second one.

    Args:
        x: (samples, n_x), activations of the first network.
        y: (samples, n_y), activations of the second on the same samples. Raw or compressed alike.
        epsilon: Scalar in [0, 1).

    Returns:
        The necessary units, and for each unit the matches; `minimum` and `several` say which it is.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different numbers of samples, an ε that is not one number in [0, 1), or a concrete
            activation that is NaN or infinite. Where one is traced, no unit is in any match.

    Source: Wang et al. 2018 (arXiv:1810.11750), v-minimum matches and their uniqueness, section 3.2; the certificate is
    ours.

    >>> import jax.numpy as jnp
    >>> x = jnp.array([[1.0, 1.0], [0.0, 1e-3], [0.0, 0.0]])     # two units that are nearly the same
    >>> y = jnp.array([[2.0], [0.0], [0.0]])
    >>> certified = certificates(x, y, 0.1)
    >>> certified.minimum.tolist(), certified.several.tolist()   # y's unit is matched by either of them
    ([True, True, False], [False, False, True])
    """
    networks = checked(x, y, epsilon)
    call = _compiled if traced(networks, epsilon) else _certificates
    return call(networks, epsilon)


def _certificates(networks: Networks, epsilon: ArrayLike) -> Certificates:
    asked = Asked(prepared(networks), epsilon)
    every = np.arange(asked.units)
    necessary = necessary_in(asked)
    first = asked.nested(every)
    spare = asked.joint(first) & ~necessary.T
    several = spare.any(axis=1)
    # Any unit that v can do without will do; the first of them is as good as another.
    gone = asked.ready.sides((every == spare.argmax(axis=1)[:, None]) & several[:, None])
    v = (np if on_host(several) else jnp).where(several, asked.ready.places(every), -1)
    ranks = np.broadcast_to(asked.rank(every), gone.shape)
    second = asked.ask(asked.maximum, gone, v, ranks).match & several[:, None, None]
    return Certificates(on_device(necessary), asked.ready.as_match(first), asked.ready.as_match(second))


_compiled = jax.jit(without_gradient(_certificates))
