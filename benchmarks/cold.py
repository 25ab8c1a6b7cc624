"""What the first plain call of each function costs in a fresh process, nothing compiled before.

python -m benchmarks.cold                            this checkout
python -m benchmarks.cold --baseline ../older        an older checkout beside it, in turn, as ratios

CPU seconds of the whole process beyond those of importing and of an empty program, programs compiled, and equations and
lines of HLO of the function under `jax.jit`. 64+64 units, 2,000 samples, float64.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import tyro

from benchmarks.table import markdown

HERE = Path(__file__).parent.parent
MEASURED = """
import json, sys
from benchmarks import cold
print(json.dumps(cold.first_call(sys.argv[1])))
"""


@dataclass(frozen=True)
class Options:
    """Prints a table as GitHub markdown."""

    baseline: Path | None = None
    """Another checkout of the package."""
    repeats: int = 3
    """Processes of each."""


def main(options: Options) -> int:
    """Measures and prints. Returns the exit status."""
    from benchmarks.calls import CALLS

    sides = {"here": HERE} | ({"baseline": options.baseline.resolve()} if options.baseline else {})
    lines = []
    for name in CALLS:
        found: dict[str, list[dict[str, Any]]] = {side: [] for side in sides}
        for _ in range(options.repeats):
            for side, checkout in sides.items():
                found[side].append(_in_a_process(name, checkout))
        line: list[object] = [f"`{name}`"]
        for side in sides:
            runs = found[side]
            line.append(f"{median(run['seconds'] for run in runs):.2f}")
            line += [runs[0][what] for what in ("programs", "equations", "hlo")]
        if len(sides) == 2:
            here, there = (median(run["seconds"] for run in found[side]) for side in sides)
            line.append(f"{here / there:.2f}")
        print(f"{name}: {line[1:]}", file=sys.stderr)
        lines.append(line)
    heads = ["function"]
    for side in sides:
        heads += [f"{side}: CPU seconds", "programs", "equations", "lines of HLO"]
    print(markdown([*heads, *(["ratio of seconds"] if len(sides) == 2 else [])], lines))
    return 0


def first_call(name: str) -> dict[str, Any]:
    """Measures one function in this process."""
    import jax

    from benchmarks.calls import CALLS, on_device, pair

    programs: list[float] = []

    def listen(event: str, duration_secs: float, **_: Any) -> None:
        if event == "/jax/core/compile/backend_compile_duration":
            programs.append(duration_secs)

    with jax.enable_x64(True):
        arrays = on_device(*pair(2000, 64, 64))
        jax.block_until_ready(jax.jit(lambda x: x + 1)(arrays[0]))
        jax.monitoring.register_event_duration_secs_listener(listen)
        start = process_time()
        jax.block_until_ready(CALLS[name](*arrays))
        first = process_time() - start
        start = process_time()
        jax.block_until_ready(CALLS[name](*arrays))
        compiled = len(programs)
        second = process_time() - start
        traced = jax.jit(CALLS[name]).trace(*arrays)
        return {
            # What the call takes once compiled is no compilation; where each call compiles, all of it is.
            "seconds": first if second > first / 2 else first - second,
            "programs": compiled,
            "equations": _equations(traced.jaxpr.jaxpr),
            "hlo": len(traced.lower().as_text().splitlines()),
        }


def _equations(jaxpr: Any) -> int:
    count = 0
    for equation in jaxpr.eqns:
        count += 1
        for value in equation.params.values():
            for inner in value if isinstance(value, (tuple, list)) else (value,):
                inner = getattr(inner, "jaxpr", inner)
                count += _equations(inner) if hasattr(inner, "eqns") else 0
    return count


def _in_a_process(name: str, checkout: Path) -> dict[str, Any]:
    """With the package of a checkout, and the benchmarks of this one."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("JAX_")}
    code = f"import sys\nsys.path[:0] = [{str(checkout)!r}]\nimport jaxrepsim\nsys.path[0] = {str(HERE)!r}\n{MEASURED}"
    command = [sys.executable, "-P", "-W", "ignore", "-c", code, name]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    sys.exit(main(tyro.cli(Options)))
