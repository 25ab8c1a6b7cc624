"""From a guess of which units a LASSO uses to its exact solution, for each target.

Where the signs of the coefficients are known, the rest is a linear system: on the support A w = b − λ sign(w). The
systems of some guesses are solved in turn, by two rules for the next guess:

- At first all that is wrong is changed at once: units whose coefficient has turned its sign leave, units whose
  correlation with the residual exceeds λ enter. From a good guess this ends after one to three systems. It may cycle.
- Then an active-set descent from the start. It goes towards the solution of its system only until the first coefficient
  reaches zero, whose unit leaves; where none does, the unit that violates λ most enters. The objective falls with every
  step, so it ends at the minimum, after finitely many.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.linalg import cho_solve

from jaxrepsim._typing import Array, Bool, Float, Int
from jaxrepsim.convergent.cholesky import cholesky
from jaxrepsim.numerics.side_by_side import side_by_side
from jaxrepsim.numerics.varying import varying_like

QUICK = 3
"""Systems by the first rule."""
SMALL = 64
"""Units for which no smaller system is set up."""


def duality_gap(
    cross: Float[Array, "n *t"],
    left: Float[Array, "n *t"],
    coefficients: Float[Array, "n *t"],
    penalty: Float[Array, ""],
) -> Float[Array, "*t"]:
    """How far the objective of coefficients w is above the least, at most.

    The problem minimise |y − Xw|²/2m + λ|w|₁ has the dual maximise |y|²/2m − |y − u|²/2m over |Xᵀu|/m ≤ λ. The residual
    r = y − Xw, scaled by s = min(1, λ/max|c|) with c = Xᵀr/m = b − Aw, is such a u. With |y|² = m the gap is

        |r|²/m · (1 − s)²/2 + Σ (λ|w_j| − s w_j c_j),    |r|²/m = 1 − wᵀ(b + c)

    No term is negative, so nothing cancels and gaps far below the rounding of the objective itself are told apart.

    Args:
        cross: b, the correlations of all units with the target.
        left: c, what of them the prediction leaves.
        coefficients: w.
        penalty: λ > 0.

    Returns:
        The gap of each target.
    """
    largest = jnp.max(jnp.abs(left), axis=0)
    share = penalty / jnp.maximum(largest, penalty)
    unexplained = jnp.maximum(1 - jnp.sum(coefficients * (cross + left), axis=0), 0)
    apart = penalty * jnp.abs(coefficients) - share * coefficients * left
    return unexplained * (1 - share) ** 2 / 2 + jnp.sum(jnp.maximum(apart, 0), axis=0)


def resolvable(coefficients: Float[Array, "n *t"], penalty: Float[Array, ""]) -> Float[Array, "*t"]:
    """The gap that rounding may leave: that of correlations each wrong by eight units in the last place of |w|₁."""
    size = jnp.sum(jnp.abs(coefficients), axis=0)
    wrong = 8 * jnp.finfo(coefficients.dtype).eps * jnp.maximum(size, 1)
    return 2 * size * wrong + jnp.minimum(wrong / penalty, 1) ** 2 / 2


class Search(NamedTuple):
    """Of one target; a leading axis for several."""

    sign: Float[Array, "*t n"]
    """Of the coefficients, as the next system takes them: 0 off the support."""
    point: Float[Array, "*t n"]
    """Where the descent is."""
    best: Float[Array, "*t n"]
    """The coefficients of least gap."""
    gap: Float[Array, "*t"]
    wanted: Bool[Array, "*t"]
    """Whether anything is left to be done."""


def exact_on_support(
    gram: Float[Array, "n n"],
    cross: Float[Array, "t n"],
    penalty: Float[Array, ""],
    start: Float[Array, "t n"],
    best: Float[Array, "t n"],
    gap: Float[Array, "t"],
    wanted: Bool[Array, "t"],
    descent: Int[Array, ""],
) -> tuple[Float[Array, "t n"], Float[Array, "t"]]:
    """For each of t targets the coefficients of least duality gap that are found from a start.

    Args:
        gram: A, the correlations of the units.
        cross: b, those with the targets.
        penalty: λ > 0.
        start: Coefficients whose support and signs are the guess.
        best: Coefficients known already.
        gap: Their gap.
        wanted: Whether anything is to be done.
        descent: How many systems at most by the second rule.

    Returns:
        The coefficients, `best` where none are better, and their gap.
    """

    def step(state: tuple[Array, Search]) -> tuple[Array, Search]:
        done, search = state

        def one(target: tuple[Array, Array, Search]) -> Search:
            cross, start, search = target
            system = partial(_solve_a_system, gram, cross, penalty, start, done, search)
            return jax.lax.cond(search.wanted, system, lambda: search)

        # One loop for all targets, and not a loop of each: then nothing is a batch of loops.
        return done + 1, side_by_side(one, (cross, start, search), 4 * gram.nbytes)

    begin = jnp.zeros_like(descent), Search(jnp.sign(start), start, best, gap, wanted)
    begin = varying_like(begin, gram, cross, penalty, start, wanted)
    end = jax.lax.while_loop(lambda state: (state[0] < QUICK + descent) & jnp.any(state[1].wanted), step, begin)
    return end[1].best, end[1].gap


def _solve_a_system(
    gram: Float[Array, "n n"], cross: Float[Array, "n"], penalty: Array, start: Array, done: Array, search: Search
) -> Search:
    """The next step of one target."""
    sign, point, best, gap, _ = search
    on = sign != 0
    point = jnp.where(on, point, 0)
    solution = _stationary(gram, cross - penalty * sign, on, point)
    left = cross - gram @ solution
    kept = solution * sign > 0
    candidate = jnp.where(kept, solution, 0)
    value = duality_gap(cross, cross - gram @ candidate, candidate, penalty)
    best, gap = jnp.where(value < gap, candidate, best), jnp.where(value < gap, value, gap)
    over = jnp.where(on, 0, jnp.abs(left) - penalty)

    at_once = jnp.where(on, jnp.where(kept, sign, 0), jnp.where(over > 0, jnp.sign(left), 0))
    # The coefficient and its solution have opposite signs: where on the way from one to the other zero lies.
    leaving = on & ~kept
    tiny = jnp.finfo(gram.dtype).tiny
    zero = jnp.where(leaving, jnp.abs(point) / jnp.maximum(jnp.abs(point) + jnp.abs(solution), tiny), 1)
    way = jnp.min(zero)
    leaves = leaving & (zero <= way)
    enters = ~jnp.any(leaving) & (over > 0) & (jnp.arange(len(cross)) == jnp.argmax(over))
    stepwise = jnp.where(leaves, 0, jnp.where(enters, jnp.sign(left), sign))
    moved = jnp.where(leaves, 0, point + way * (solution - point))

    descends = done >= QUICK
    settled = (gap <= resolvable(best, penalty)) | (descends & ~jnp.any(leaves | enters))
    turned = jnp.where(done == QUICK - 1, jnp.sign(start), at_once)
    return Search(jnp.where(descends, stepwise, turned), jnp.where(descends, moved, start), best, gap, ~settled)


def _stationary(
    gram: Float[Array, "n n"], right: Float[Array, "n"], on: Bool[Array, "n"], near: Float[Array, "n"]
) -> Float[Array, "n"]:
    """The solution of A w = right on some units, of several that nearest to a point; 0 on the other units.

    The fewer units there are, the smaller is the system that is factored: all of them, a half, a quarter, ...
    """
    sizes = [len(gram)]
    while sizes[-1] > SMALL:
        sizes.append(-(-sizes[-1] // 2))
    order = jnp.argsort(~on)

    def among(size: int) -> Array:
        place = order[:size] if size < len(gram) else jnp.arange(size)
        solution = _solved(gram[place][:, place] if size < len(gram) else gram, right[place], on[place], near[place])
        return jnp.zeros_like(near).at[place].set(solution)

    level = jnp.sum(jnp.sum(on) <= jnp.array(sizes)) - 1
    return jax.lax.switch(level, [partial(among, size) for size in sizes])


def _solved(
    gram: Float[Array, "k k"], right: Float[Array, "k"], on: Bool[Array, "k"], near: Float[Array, "k"]
) -> Float[Array, "k"]:
    """A little on the diagonal makes dependent units harmless, and repeating the solve takes its effect away."""
    little = 4 * len(gram) * jnp.finfo(gram.dtype).eps
    triangle = cholesky(jnp.where(on[:, None] & on, gram, 0) + jnp.diag(jnp.where(on, little, 1.0)))
    for _ in range(3):
        near = near + cho_solve((triangle, True), jnp.where(on, right - gram @ near, 0))
    return near
