"""What memory and time the runs of config files need at the least, before anything is run or downloaded.

python -m benchmarks.expected configs/digits_vgg.py

A lower bound by the cost model, not a forecast: every operation at the speed of large matrix products, every byte moved
once. Reading of images, compilation, writing, v-minimal matches and all that is beyond the match are left out. The
rates are those of a device's data sheet, by default of an NVIDIA A100 of 40 GB, or with `--measure` those that this
machine's device reaches. Matching is on one device, training and extraction on all.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import jax
import jax.numpy as jnp
import tyro

from benchmarks.cost_model import Rates, measured_rates
from benchmarks.environment import described
from benchmarks.table import markdown
from benchmarks.timing import in_words
from benchmarks.workload import Stage, workload
from jaxrepsim.errors import InputError
from jaxrepsim.pipeline.config import RunConfig
from jaxrepsim.pipeline.config_file import load_configs, place_of


@dataclass(frozen=True)
class Options:
    """Prints a table as GitHub markdown: for each run and stage the least time, and the least memory of a device."""

    configs: Annotated[tuple[Path, ...], tyro.conf.Positional]
    """Config files."""
    devices: int = 1
    """Over how many devices training and extraction are spread."""
    tflops: float = 156.0
    """A device's 10¹² operations a second in float32; the default is TF32's, which XLA takes where there is one."""
    tflops_bfloat16: float = 312.0
    """In bfloat16."""
    tflops_float64: float = 19.5
    """In float64: all of compression and matching."""
    bandwidth: float = 1555.0
    """10⁹ bytes a second to and from the device's memory."""
    memory: float = 40.0
    """10⁹ bytes on a device."""
    measure: bool = False
    """Measure the rates and look up the memory of this machine's device, and take those."""


def main(options: Options) -> int:
    """Counts, prints.

    Returns:
        0, or 2 where a config file cannot be used.
    """
    try:
        runs = named(options.configs)
        if not runs:
            raise InputError("name a config file, such as configs/digits_vgg.py")
        rates, memory = measured() if options.measure else (given(options), options.memory * 1e9)
        rows = [row(name, config, options.devices, rates, memory) for name, config in runs.items()]
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    source = f"measured: {described()}" if options.measure else "as given, not measured"
    speeds = ", ".join(f"{rate.operations / 1e12:.3g} TFLOP/s {name}" for name, rate in rates.items())
    print(f"{options.devices} × a device of {speeds}, {rates['float32'].bandwidth / 1e9:.4g} GB/s; {source}.\n")
    print(markdown(HEADS, rows))
    print("\nLower bounds by the cost model, no run was timed; time is of all seeds and pairs, memory of one device.")
    return 0


HEADS = (
    "run",
    "model",
    "weights",
    "operations a step",
    *(f"{stage}: {what}" for stage in ("training", "extraction", "matching") for what in ("time", "memory")),
    "fits",
)


def named(paths: Sequence[Path]) -> dict[str, RunConfig]:
    """The runs of config files, by their places below `runs/`, and by their names where they are several."""
    found = {}
    for path in paths:
        configs, place = load_configs(path), place_of(path).relative_to("runs").as_posix()
        found |= {place if len(configs) == 1 else f"{place} {name}": config for name, config in configs.items()}
    return found


def row(name: str, config: RunConfig, devices: int, rates: dict[str, Rates], memory: float) -> tuple[str, ...]:
    """A line of the table."""
    work = workload(config, devices)
    cells = []
    for stage, needs in work.stages.items():
        shared = 1 if stage == "matching" else devices
        cells += [duration(seconds(needs, rates) / shared), f"{needs.memory / 1e9:.3g} GB"]
    large = [stage for stage, needs in work.stages.items() if needs.memory > memory]
    fits = "yes" if not large else f"**no**: {', '.join(large)}"
    return name, config.model.name, f"{work.network.weights / 1e6:.3g} M", f"{work.step:.3g}", *cells, fits


def seconds(stage: Stage, rates: dict[str, Rates]) -> float:
    """The least time of a stage on one device."""
    return sum(rates[precision].seconds(cost) for precision, cost in stage.costs.items())


def duration(seconds: float) -> str:
    """Minutes or hours from the first minute on."""
    if seconds < 60:
        return in_words(seconds)
    return f"{seconds / 60:.3g} min" if seconds < 2 * 3600 else f"{seconds / 3600:.3g} h"


def given(options: Options) -> dict[str, Rates]:
    """The rates in the options."""
    tflops = {
        "bfloat16": options.tflops_bfloat16,
        "float32": options.tflops,
        "float64": options.tflops_float64,
    }
    return {name: Rates(value * 1e12, options.bandwidth * 1e9) for name, value in tflops.items()}


def measured() -> tuple[dict[str, Rates], float]:
    """The rates of the first device here, and the bytes that it holds; no limit where it does not say."""
    size = 512 if jax.default_backend() == "cpu" else 8192
    with jax.enable_x64(True):
        dtypes = {"bfloat16": jnp.bfloat16, "float32": jnp.float32, "float64": jnp.float64}
        rates = {name: measured_rates(dtype, size, 3) for name, dtype in dtypes.items()}
    statistics = jax.devices()[0].memory_stats() or {}
    return rates, float(statistics.get("bytes_limit", "inf"))


if __name__ == "__main__":
    sys.exit(main(tyro.cli(Options)))
