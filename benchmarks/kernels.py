"""How many kernels a removal takes, counted in the program that XLA makes of a peeling for the device at hand.

On a GPU a step of the peeling waits for the launches of its kernels, not for its arithmetic: their number is its time.
"""

import re
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike

from jaxrepsim.matching import peel, removal
from jaxrepsim.matching.dual_basis import DualBasis
from jaxrepsim.matching.removal import Left, Spans
from jaxrepsim.numerics.products import with_all_digits

FREE = {
    *("parameter", "constant", "get-tuple-element", "tuple", "bitcast", "after-all", "partition-id", "replica-id"),
    *("copy-done", "async-done"),
}
"""Instructions that launch nothing; of what is begun and awaited, the beginning counts."""
CALLED = re.compile(r"(?:to_apply|calls|body|true_computation|false_computation)=%?([\w.-]+)")
BRANCHES = re.compile(r"branch_computations=\{([^}]*)\}")
INSTRUCTION = re.compile(r"^\s*(?:ROOT )?%?[\w.-]+ = (?:\([^=]*?\)|\S+) ([\w-]+)\(")
"""Its operation; what it gives may be a tuple."""
HEAD = re.compile(r"^(?:ENTRY )?%?([\w.-]+) \(.*\{$")


LAUNCH = 5e-6
"""Seconds from one kernel to the next on a GPU, as is commonly said: not measured."""


class Kernels(NamedTuple):
    """Of one step of the peeling of a pair."""

    step: int
    """What a step launches, its share of a conditional being the branch that is mostly taken, the smallest."""
    condition: int
    """What it launches to know whether another follows."""
    kinds: dict[str, int]
    """Those of a step, by operation."""
    steps: int
    """How many steps the peeling took."""
    removals: int
    """How many units it removed."""

    @property
    def each(self) -> float:
        """Kernels for each unit that is removed."""
        return (self.step + self.condition) * self.steps / max(self.removals, 1)

    @property
    def launches(self) -> float:
        """Seconds that a GPU would take to launch all of them."""
        return (self.step + self.condition) * self.steps * LAUNCH


def kernels(basis: DualBasis) -> Kernels:
    """Compiles the peeling of a pair, counts in its innermost loop, and runs it to count the steps."""
    compiled = jax.jit(with_all_digits(peel.critical_values)).lower(basis).compile()
    step, condition, kinds = in_the_step(compiled.as_text() or "")
    return Kernels(step, condition, kinds, int(_steps(basis)), int(basis.active.sum()))


def of_shapes(units: int, dtype: DTypeLike) -> tuple[int, int, dict[str, int]]:
    """The same count without a pair, for so many units a side."""

    def shape(*sizes: int, of: DTypeLike = dtype) -> Any:
        return jax.ShapeDtypeStruct(sizes, of)

    n = units
    basis = DualBasis(shape(2, n, n), shape(2, n, n), shape(2, n), shape(2, n, of=bool), shape(of=bool))
    return in_the_step(jax.jit(with_all_digits(peel.critical_values)).lower(basis).compile().as_text() or "")


def in_the_step(text: str) -> tuple[int, int, dict[str, int]]:
    """What is launched in the loop over steps, of a compiled program: the largest of the loops that hold no other.

    Returns:
        The launches of its body, of its condition, and those of its body by operation.
    """
    computations = _computations(text)
    loops = re.findall(r" while\(.*?condition=%?([\w.-]+), body=%?([\w.-]+)", text)
    innermost = [(c, b) for c, b in loops if not any(" while(" in line for line in computations[b])]
    counted = [(_launched(computations, body), _launched(computations, condition)) for condition, body in innermost]
    kinds, condition = max(counted, key=lambda pair: sum(pair[0].values()), default=({}, {}))
    return sum(kinds.values()), sum(condition.values()), kinds


def _computations(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    name = ""
    for line in text.splitlines():
        head = HEAD.match(line)
        if head:
            name = head[1]
            found[name] = []
        elif name:
            found[name].append(line)
    return found


def _launched(computations: dict[str, list[str]], name: str) -> dict[str, int]:
    kinds: dict[str, int] = {}
    for line in computations.get(name, ()):
        instruction = INSTRUCTION.match(line)
        if instruction is None or instruction[1] in FREE:
            continue
        more = {instruction[1]: 1}
        if instruction[1] == "call":  # on a CPU what threads share, on a GPU a graph of kernels
            more = _launched(computations, CALLED.findall(line)[0])
        elif instruction[1] == "conditional":
            branches = re.findall(r"[\w.-]+", " ".join(BRANCHES.findall(line)))
            each = [_launched(computations, branch) for branch in branches or CALLED.findall(line)]
            for kind, count in min(each, key=lambda counts: sum(counts.values())).items():
                more[kind] = more.get(kind, 0) + count
        for kind, count in more.items():
            kinds[kind] = kinds.get(kind, 0) + count
    return kinds


class _Counted(NamedTuple):
    left: Left
    state: peel._State
    steps: jax.Array


@jax.jit
@with_all_digits
def _steps(basis: DualBasis) -> jax.Array:
    """How often the peeling steps."""
    spans, left = removal.begin(basis)
    state = peel._State(left, jnp.full(left.active.shape, jnp.inf), jnp.ones((), left.apart.dtype))

    def step(spans: Spans, directions: jax.Array, now: _Counted) -> tuple[jax.Array, _Counted]:
        directions, after = peel._one_step(spans, directions, now.state._replace(left=now.left))
        return directions, _Counted(after.left, after, now.steps + 1)

    start = _Counted(left, state, jnp.zeros((), int))
    return removal.in_blocks(spans, start, lambda now: jnp.any(now.left.active), step)[1].steps
