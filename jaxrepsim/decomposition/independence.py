"""How independent the units of one network are: the least angle between the spans of two disjoint groups of them."""

from functools import partial
from types import ModuleType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, ArrayLike, Bool, Float, Int, Key
from jaxrepsim.compression.one_shot import compressed
from jaxrepsim.numerics.buckets import cut, padded, width_bucket
from jaxrepsim.numerics.concrete import in_numpy
from jaxrepsim.numerics.factor import one_at_a_time, triangular_factor
from jaxrepsim.numerics.inputs import as_activations, traced
from jaxrepsim.numerics.products import with_all_digits
from jaxrepsim.numerics.scaling import unit_columns
from jaxrepsim.numerics.side_by_side import side_by_side
from jaxrepsim.numerics.varying import varying_like

EXACT = 10
"""Up to so many units every group is tried."""
STEPS = 200
"""At which an ascent ends, if it has not come to rest before."""


class Independence(NamedTuple):
    """Bounds on θ, the least angle between the spans of two disjoint groups of units. Leading axes are batches."""

    lower: Float[Array, "*batch"]
    """θ is at least this, in radians, in [0, π/2]; 0 where units are dependent, as far as the dtype can tell."""
    upper: Float[Array, "*batch"]
    """θ is at most this: the angle at which `group` stands to the other units."""
    group: Bool[Array, "*batch n"]
    """A group of units, none of them dead; empty where fewer than two are alive."""

    @property
    def factor(self) -> Float[Array, "*batch"]:
        """λ = 2/sin θ + 1 at the lower bound, so never too small: from 3 for orthogonal units to infinity."""
        return in_numpy(_factor, self.lower)


def independence(z: ArrayLike, key: Key[Array, ""], starts: int = 32) -> Independence:
    """Bounds on θ, by which the units are θ-strongly linearly independent: any two disjoint groups at θ or more.

    Larger groups only come nearer, so groups S and the rest Sᶜ decide. The oblique projector P on span(S) along
    span(Sᶜ) tells their angle: |P|₂ = 1/sin θ_S, and |P − Pᵀ|₂ = cot θ_S, which keeps its digits near a right angle
    too. With the singular value decomposition U Σ Vᵀ of the unit-norm columns, and E the diagonal mask of S, it is
    P = Σ Vᵀ E V Σ⁻¹ in the coordinates U.

    - Up to 10 units all groups are tried, and both bounds are θ, the lower one less what rounding may do.
    - Above that the upper bound is the angle of the best group that an ascent finds: for vectors p, q the form
      pᵀ(P − Pᵀ)q = Σ_i E_ii g_i is largest for E = [g > 0], and for that E power steps improve p and q, so it only
      rises. It starts from random vectors, from the units that are nearest to all others, and from pairs of singular
      vectors with the smallest.
    - The lower bound is Wielandt's: two combinations of units without a unit in common are at an angle of at least
      2 arctan(1/κ), which is sin θ ≥ 2κ/(κ² + 1), κ the condition number of the unit-norm columns. What rounding may
      add to the smallest singular value is taken off first: 4u√(n·(samples + n)), u the precision of the dtype. Where
      nothing is left the units count as dependent, and both bounds are 0.

    Args:
        z: (samples, n), activations of one network, raw or compressed. Dead units (zero for every sample) are left out.
        key: For the random starts of the ascent; without effect up to 10 units.
        starts: Random starts, and at most so many of the other two kinds. A step of the ascent takes starts · n²
            operations, beside n³ for each decomposition.

    Returns:
        The bounds and a group. With fewer than two live units there are no two groups, and θ = π/2 by convention.

    Raises:
        TypeError: Activations that are not real numbers, or starts that are not a whole number.
        ValueError: Not two axes, no start, or a concrete activation that is NaN or infinite. Where one is traced, both
            bounds are NaN, and the group is empty.

    Source: Wang et al. 2018 (arXiv:1810.11750), the definition of strong linear independence; the inequality is
    Wielandt's, in Horn and Johnson, Matrix Analysis, 7.4.

    >>> import jax, jax.numpy as jnp
    >>> z = jnp.array([[1.0, 1.0], [0.0, 1.0]])     # two units at 45 degrees
    >>> found = independence(z, jax.random.key(0))
    >>> jnp.degrees(found.lower).round(2).item(), jnp.degrees(found.upper).round(2).item()
    (45.0, 45.0)
    >>> found.factor.round(3).item()                # 2/sin(45°) + 1
    3.828...
    """
    (z,) = as_activations(z)
    if not isinstance(starts, int | np.integer):
        raise TypeError(f"starts must be a whole number, received {starts!r}")
    if starts < 1:
        raise ValueError(f"starts must be at least 1, received {starts}")
    samples, units = z.shape
    every = units <= EXACT
    if traced(z, key):
        return bounds(z, key, int(starts), every, samples)
    size = EXACT if every else width_bucket(units)
    found = bounds(padded(compressed([z])[0], (size, size)), key, int(starts), every, samples, units)
    return found._replace(group=cut(found.group, (units,)))


@partial(jax.jit, static_argnums=(2, 3))
@with_all_digits
def bounds(
    z: Float[Array, "m n"],
    key: Key[Array, ""],
    starts: int,
    every: bool,
    samples: Int[Array, ""] | int,
    units: Int[Array, ""] | int | None = None,
) -> Independence:
    """`independence`, by trying every group or by the ascent.

    Args:
        z: (m, n).
        key: For random starts.
        starts: How many.
        every: Whether to try every group.
        samples: The number of raw samples, by which rounding is bounded.
        units: How many columns are units, where those after them are padding; by default all.
    """
    finite = jnp.all(jnp.isfinite(z))
    columns, norms = unit_columns(jnp.where(finite, z, 0.0))
    alive = norms > 0
    n = z.shape[1]
    if n < 2:
        square = jnp.where(finite, np.pi / 2, jnp.nan).astype(z.dtype)
        return Independence(square, square, jnp.zeros_like(alive))
    # A direction of its own for each dead unit: orthogonal to all others, it changes no angle between live ones.
    full = jnp.concatenate([columns, jnp.diag(jnp.where(alive, 0.0, 1.0).astype(z.dtype))])
    _, singular, right = one_at_a_time(_svd, triangular_factor(full))
    counted = n if units is None else units
    rounding = 4 * float(jnp.finfo(z.dtype).eps) * jnp.sqrt(jnp.asarray((samples + counted) * counted, z.dtype))
    smallest = singular[-1] - rounding
    independent = smallest > 0
    frame = _frame(right.T, jnp.where(independent, singular, 1.0))
    if every:
        group, cotangent = _of_all_groups(frame, units)
    else:
        group, cotangent = _by_ascent(frame, _starting_pairs(frame, alive, key, starts, counted))
    upper = _angle(cotangent)
    lower = 2 * jnp.arctan2(jnp.maximum(smallest, 0.0), singular[0] + rounding)
    if every:
        # |P| is at most 1 + cot θ, and moving the columns by δ moves P by no more than δ (1 + |P|) / σ_min.
        moved = cotangent + 2 * rounding * (2 + cotangent) / jnp.where(independent, smallest, 1.0)
        lower = jnp.maximum(lower, _angle(moved))
    # Of dependent units, the one of the largest weight in a sum that is zero lies in the span of the rest.
    dependent = jnp.arange(n) == jnp.argmax(jnp.abs(right[-1]) * alive)
    group = _proper(jnp.where(independent, group, dependent), alive)
    several = jnp.sum(alive) > 1

    def settled(angle: Array) -> Array:
        found = jnp.where(several, jnp.where(independent, angle, 0.0), np.pi / 2)
        return jnp.where(finite, found, jnp.nan).astype(z.dtype)

    return Independence(settled(jnp.minimum(lower, upper)), settled(upper), group & several)


def _factor(xp: ModuleType, lower: Any) -> Any:
    sine = xp.minimum(xp.sin(lower), 1)
    return xp.where(sine == 0, xp.inf, 2 / xp.where(sine == 0, 1, sine) + 1).astype(lower.dtype)


class _Frame(NamedTuple):
    """The units in orthonormal coordinates of their span, one a row."""

    units: Float[Array, "n n"]
    """V Σ: row i is unit i."""
    duals: Float[Array, "n n"]
    """V Σ⁻¹: row i is orthogonal to all units but i, and its product with unit i is 1."""
    singular: Float[Array, "n"]


def _frame(right: Float[Array, "n n"], singular: Float[Array, "n"]) -> _Frame:
    return _Frame(right * singular, right / singular, singular)


def _difference(frame: _Frame, group: Bool[Array, "n"]) -> Float[Array, "n n"]:
    """P − Pᵀ of the group."""
    projector = frame.units.T @ (group[:, None] * frame.duals)
    return projector - projector.T


def _of_all_groups(frame: _Frame, units: Int[Array, ""] | int | None) -> tuple[Bool[Array, "n"], Float[Array, ""]]:
    """Of all groups without the last unit, the one nearest to the rest; and the cotangent of its angle."""
    n = frame.singular.size
    groups = jnp.arange(1, 2 ** (n - 1))
    count = None if units is None else (jnp.asarray(1) << jnp.maximum(units - 1, 0)) - 1

    def members(group: Array) -> Array:
        return (group >> jnp.arange(n) & 1).astype(bool)

    def cotangent(group: Array) -> Array:
        return one_at_a_time(lambda a: jnp.linalg.norm(a, 2), _difference(frame, members(group)))

    cotangents = side_by_side(cotangent, groups, 4 * frame.units.nbytes, count)
    if count is not None:
        cotangents = jnp.where(groups <= count, cotangents, -1.0)
    nearest = jnp.argmax(cotangents)
    return members(groups[nearest]), cotangents[nearest]


def _by_ascent(frame: _Frame, starts: "_Starts") -> tuple[Bool[Array, "n"], Float[Array, ""]]:
    """The nearest group that was found, and the cotangent of its angle."""
    groups, values = _climb(frame, starts.p, starts.q)
    values = jnp.where(starts.there, values, -1.0)

    # The best one with exact vectors to the end: a decomposition each round, few of which are needed.
    def round_(state: tuple[Array, Array, Array, Array]) -> tuple[Array, Array, Array, Array]:
        best, cotangent, trial, _ = state
        left, values, right = one_at_a_time(_svd, _difference(frame, trial))
        better = values[0] > cotangent * (1 + 4 * jnp.finfo(values.dtype).eps)
        following = _gains(frame, left[:, 0], right[0]) > 0
        return jnp.where(better, trial, best), jnp.maximum(values[0], cotangent), following, better

    first = groups[jnp.argmax(values)]
    start = varying_like((first, jnp.full_like(values[0], -1.0), first, jnp.asarray(True)), values)
    best, cotangent, _, _ = jax.lax.while_loop(lambda state: state[3], round_, start)
    return best, cotangent


class _Starts(NamedTuple):
    """Pairs (p, q) of orthonormal vectors from which to ascend."""

    p: Float[Array, "s n"]
    q: Float[Array, "s n"]
    there: Bool[Array, "s"]
    """Those that would be there without the padding."""


def _starting_pairs(
    frame: _Frame, alive: Bool[Array, "n"], key: Array, starts: int, units: Int[Array, ""] | int
) -> _Starts:
    """Random ones, single units that are nearest to the rest, and singular vectors."""
    vectors, duals, singular = frame
    n = singular.size
    some, live = min(starts, n - 1), jnp.sum(alive)
    # Coordinates in falling order of their singular values, those of dead units last.
    apart = jnp.sum((vectors / singular) ** 2 * alive[:, None], axis=0) < 0.5
    axes = jnp.eye(n, dtype=singular.dtype)[jnp.argsort(apart, stable=True)]
    # A random number depends on its place in the flat array alone: without the padding it would be the same.
    place = jnp.arange(2 * starts)[:, None] * units + jnp.arange(n)
    drawn = jnp.where(jnp.arange(n) < units, jax.random.normal(key, (2 * starts * n,), singular.dtype)[place], 0.0)
    p, q = (drawn @ axes).reshape(2, starts, n)
    sizes = jnp.where(alive, jnp.sum(duals * duals, axis=1), 0.0)
    _, nearest = jax.lax.top_k(sizes, some)  # the sine of unit i to the rest is 1/|w_i|
    last = axes[jnp.maximum(live - 1, 0)]
    first = jnp.concatenate([p * singular, vectors[nearest], axes[:some]])
    second = jnp.concatenate([q / singular, duals[nearest], jnp.broadcast_to(last, (some, n))])
    first = jax.vmap(_normalised)(first)
    second = jax.vmap(_normalised)(second - jnp.sum(first * second, axis=1, keepdims=True) * first)
    there = jnp.arange(some) < live - 1
    return _Starts(first, second, jnp.concatenate([jnp.ones(starts, bool), there, there]))


def _climb(
    frame: _Frame, p: Float[Array, "s n"], q: Float[Array, "s n"]
) -> tuple[Bool[Array, "s n"], Float[Array, "s"]]:
    """From pairs (p, q) upwards: groups, and a lower bound on the cotangent of each. One loop for all."""

    def up(p: Array, q: Array) -> tuple[Array, ...]:
        gains = _gains(frame, p, q)
        group = gains > 0
        reached = jnp.sum(jnp.where(group, gains, 0.0))
        p = _normalised(_times(frame, group, q))
        q = _normalised(-_times(frame, group, p))  # the difference is antisymmetric
        return p, q, group, reached

    def step(state: tuple[Array, ...]) -> tuple[Array, ...]:
        *before, rises, steps = state
        *after, reached = jax.vmap(up)(*before[:2])
        new = (jnp.where(rises[:, None], b, a) for a, b in zip(before[:3], after, strict=True))
        value = before[3]
        return *new, jnp.where(rises, reached, value), rises & (reached > value * 1.001), steps + 1

    start = (p, q, p > 0, jnp.zeros_like(p[:, 0]), jnp.ones(len(p), bool), jnp.asarray(0))
    start = varying_like(start, frame.units, p)
    _, _, group, value, _, _ = jax.lax.while_loop(lambda state: jnp.any(state[4]) & (state[5] < STEPS), step, start)
    return group, value


def _gains(frame: _Frame, p: Float[Array, "n"], q: Float[Array, "n"]) -> Float[Array, "n"]:
    """What each unit of a group adds to pᵀ(P − Pᵀ)q. Over all units they sum to zero."""
    return (frame.units @ p) * (frame.duals @ q) - (frame.duals @ p) * (frame.units @ q)


def _times(frame: _Frame, group: Bool[Array, "n"], q: Float[Array, "n"]) -> Float[Array, "n"]:
    """(P − Pᵀ) q."""
    return frame.units.T @ (group * (frame.duals @ q)) - frame.duals.T @ (group * (frame.units @ q))


def _normalised(p: Float[Array, "n"]) -> Float[Array, "n"]:
    """To norm 1; zero stays zero."""
    return unit_columns(p[:, None])[0][:, 0]


def _svd(square: Float[Array, "n n"]) -> tuple[Float[Array, "n n"], Float[Array, "n"], Float[Array, "n n"]]:
    left, singular, right = jnp.linalg.svd(square)
    return left, singular, right


def _angle(cotangent: Float[Array, ""]) -> Float[Array, ""]:
    return jnp.arctan2(jnp.ones_like(cotangent), cotangent)


def _proper(group: Bool[Array, "n"], alive: Bool[Array, "n"]) -> Bool[Array, "n"]:
    """The live units of the group; the first live one where the group has none or all: then every angle is right."""
    group = group & alive
    proper = jnp.any(group) & jnp.any(alive & ~group)
    return jnp.where(proper, group, jnp.arange(alive.size) == jnp.argmax(alive))
