"""Sparse prediction of every unit of a layer from the other network's, against scikit-learn's coordinate descent."""

import warnings
from collections.abc import Iterator
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.linear_model import Lasso

from benchmarks import threads
from benchmarks.baseline import Array
from benchmarks.context import Context
from benchmarks.planted import planted
from benchmarks.table import Check, Row, faster
from benchmarks.timing import interleave
from jaxrepsim.convergent import SparsePrediction, sparse_prediction

PENALTIES = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)
TOLERANCE = 1e-10
"""Duality gap, relative to the variance of the target, at which scikit-learn stops."""
ITERATIONS = 20_000
"""Sweeps after which it stops in any case."""

predict = jax.jit(sparse_prediction)


def rows(context: Context) -> Iterator[Row]:
    """The first and the last of the digits' widest layers that have ten samples a unit, and a planted pair."""
    samples, units = context.size(10_000, 400), context.size(128, 12)
    layers = [(name, x, y) for name, (x, y) in context.digits.items() if len(x) >= 10 * x.shape[1]]
    widest = [case for case in layers if case[1].shape[1] == max(x.shape[1] for _, x, _ in layers)]
    cases = [(f"digits, {name}", x, y) for name, x, y in (widest[:1] + widest[1:][-1:])]
    penalties = jnp.asarray(PENALTIES)
    for name, x, y in [*cases, ("planted", *planted(0, samples, units))]:
        context.say(f"sparse_prediction: {name}")
        pair = jnp.asarray(x), jnp.asarray(y)
        sides = interleave(
            {
                "ours": lambda pair=pair: predict(*pair, penalties),
                "theirs": threads.limited(1, partial(_by_scikit_learn, x, y)),
            },
            {"ours": context.repeats, "theirs": min(context.repeats, 3)},
            cold=("theirs",),
        )
        ours, theirs = sides["ours"], sides["theirs"]
        what = (
            f"`sparse_prediction` of {y.shape[1]} units at {len(PENALTIES)} penalties from raw activations, {name}, "
            f"{x.shape[1]}+{y.shape[1]} units, {len(x):,} samples"
        )
        against = f"scikit-learn's Lasso on the Gram matrix, warm starts, gap {TOLERANCE:g} (1 BLAS thread)"
        check = _agreement(x, y, ours.result, theirs.result)
        yield faster(what, against, None, ours.timing, theirs.timing, check)


def _standardised(a: Array) -> Array:
    centred = a - a.mean(axis=0)
    std = centred.std(axis=0)
    return np.asfortranarray(centred / np.where(std > 0, std, 1))


def _by_scikit_learn(x: Array, y: Array) -> Array:
    """Float[p, n_x, n_y]: target by target, down the path of penalties."""
    x, y = _standardised(x), _standardised(y)
    gram = x.T @ x
    found = np.zeros((len(PENALTIES), x.shape[1], y.shape[1]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where it does not converge
        for j, target in enumerate(y.T):
            model = Lasso(warm_start=True, fit_intercept=False, tol=TOLERANCE, max_iter=ITERATIONS)
            model.set_params(precompute=gram)  # its annotation names booleans alone
            for k, penalty in enumerate(PENALTIES):
                found[k, :, j] = model.set_params(alpha=penalty).fit(x, target).coef_
    return found


def _agreement(x: Array, y: Array, ours: SparsePrediction, theirs: Array) -> Check:
    """Whether our objectives are nowhere above theirs; and how far below they, and the predictions, are."""
    x, y = _standardised(x), _standardised(y)
    above = below = apart = 0.0
    for penalty, w, w_theirs in zip(PENALTIES, np.asarray(ours.coefficients), theirs, strict=True):
        values = [
            np.mean((y - x @ each) ** 2, axis=0) / 2 + penalty * np.abs(each).sum(axis=0) for each in (w, w_theirs)
        ]
        above = max(above, float((values[0] - values[1]).max()))
        below = max(below, float((values[1] - values[0]).max()))
        apart = max(apart, float(np.abs(w - w_theirs).max()))
    gap = float(np.asarray(ours.gap).max())
    words = (
        f"objectives at most {max(above, 0):.0e} above scikit-learn's and {below:.0e} below, coefficients within "
        f"{apart:.0e}; our gap at most {gap:.0e}"
    )
    return Check(above < 1e-11 and below < 1e-6 and gap < 1e-11, words)
