"""The assignment of least cost, inside a program."""

import jax
import jax.numpy as jnp

from jaxrepsim._typing import Array, Float, Int
from jaxrepsim.numerics.varying import varying_like


def least_cost(cost: Float[Array, "n m"]) -> Int[Array, "n"]:
    """The column of each row, none twice, whose costs have the least sum: Kuhn's Hungarian method, O(n²m).

    Rows come in one after the other, each along the shortest path of reduced costs to a column that is free. Potentials
    of rows and columns keep reduced costs at 0 or above. A path takes a further column with every step, so it ends.

    Args:
        cost: (n, m), n ≤ m, finite numbers of magnitude 1 or less.

    Source: Kuhn 1955, The Hungarian method for the assignment problem, Naval Res. Logist. Q. 2; with potentials along
    shortest paths as in Jonker and Volgenant 1987, Computing 38.

    >>> least_cost(jnp.array([[0.0, 0.2], [0.1, 0.9]])).tolist()
    [1, 0]
    """
    n, m = cost.shape
    # A column more, the last: where the path of a new row begins.
    begin = m
    wide = jnp.concatenate([cost, jnp.zeros((n, 1), cost.dtype)], axis=1)

    def add(row: Array, state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        of_row, of_column, holder = state
        holder = holder.at[begin].set(row)

        def step(path: tuple[Array, ...]) -> tuple[Array, ...]:
            of_row, of_column, slack, before, on_path, column = path
            on_path = on_path | (jnp.arange(m + 1) == column)
            last = holder[column]
            reduced = wide[last] - of_row[last] - of_column
            nearer = ~on_path & (reduced < slack)
            slack, before = jnp.where(nearer, reduced, slack), jnp.where(nearer, column, before)
            following = jnp.argmin(jnp.where(on_path, jnp.inf, slack))
            least = slack[following]
            of_row = of_row.at[holder].add(jnp.where(on_path, least, 0))
            of_column = of_column - jnp.where(on_path, least, 0)
            return of_row, of_column, jnp.where(on_path, slack, slack - least), before, on_path, following

        start = jnp.full(m + 1, jnp.inf, cost.dtype), jnp.full(m + 1, begin), jnp.zeros(m + 1, bool), jnp.asarray(begin)
        path = varying_like((of_row, of_column, *start), cost)
        of_row, of_column, _, before, _, column = jax.lax.while_loop(lambda path: holder[path[-1]] < n, step, path)

        def turn(state: tuple[Array, Array]) -> tuple[Array, Array]:
            holder, column = state
            return holder.at[column].set(holder[before[column]]), before[column]

        holder, _ = jax.lax.while_loop(lambda state: state[1] != begin, turn, (holder, column))
        return of_row, of_column, holder

    # The row n is nobody: it holds the columns that are free.
    state = jnp.zeros(n + 1, cost.dtype), jnp.zeros(m + 1, cost.dtype), jnp.full(m + 1, n)
    _, _, holder = jax.lax.fori_loop(0, n, add, varying_like(state, cost))
    return jnp.zeros(n + 1, holder.dtype).at[holder[:m]].set(jnp.arange(m, dtype=holder.dtype))[:n]
