"""Every config file: it loads, each of its models is there, and its header says what a reader must know."""

import ast
import re
from pathlib import Path

import pytest

from jaxrepsim.models.families import MODELS
from jaxrepsim.pipeline.config_file import load_configs

CONFIGS = Path(__file__).parent.parent / "configs"
DIGITS_ACCURACIES = ((98.88, 98.70, 98.88), (99.07, 99.07, 99.07))
"""Of the main job's three seeds, in per cent, on an AMD processor: by XLA's code generator, and by its older one.

The older one is asked for by `XLA_FLAGS=--xla_cpu_use_fusion_emitters=false`. The same seeds, other rounding, and so
other weights.
"""
LEAST = 97.0
"""What the main job promises on any processor, for each seed."""
FILES = sorted(path.relative_to(CONFIGS).as_posix() for path in CONFIGS.rglob("*.py"))
SCRIPTS = {path.stem for path in (CONFIGS.parent / "experiments").glob("*.py")}


@pytest.mark.parametrize("name", FILES)
def test_it_loads(name):
    for config in load_configs(CONFIGS / name).values():
        assert config.model.name in MODELS
        assert config.title
        assert len(config.training.seeds) >= 2


@pytest.mark.parametrize("name", FILES)
def test_its_header(name):
    header = ast.get_docstring(ast.parse((CONFIGS / name).read_text(encoding="utf-8")))
    assert header
    command = re.search(r"^Command: +(.+)$", header, re.MULTILINE)
    assert command
    assert f"configs/{name}" in command[1]
    assert re.search(r"^Time: +\S", header, re.MULTILINE)
    assert re.search(r"^Expected: +\S", header, re.MULTILINE)
    if "/" in name:
        folder = name.split("/")[0]
        assert folder in SCRIPTS
        assert command[1].startswith(f"python experiments/{folder}.py ")
        assert "Paper: " in header


def test_each_experiment_has_a_smoke_and_a_full_config():
    folders = {name.split("/")[0] for name in FILES if "/" in name}
    for folder in folders:
        assert f"{folder}/smoke.py" in FILES
        assert folder == "figure1" or f"{folder}/full.py" in FILES


OWN_PROTOCOL = "validity/full.py"
"""Of no paper's networks: its protocol is docs/validity.md."""
OF_THE_PAPERS = [name for name in FILES if name != OWN_PROTOCOL and (name.endswith("/full.py") or "cifar10" in name)]


@pytest.mark.parametrize("name", OF_THE_PAPERS)
def test_full_configs_are_the_papers_protocol(name):
    """The authors' figures, written out here once more."""
    for config in load_configs(CONFIGS / name).values():
        training, matching = config.training, config.matching
        assert config.data.name == "cifar10"
        assert set(training.seeds) >= {0, 1, 2}
        assert (training.epochs, training.batch_size, training.momentum, training.weight_decay) == (160, 128, 0.9, 5e-4)
        assert [training.epochs * share for share in training.milestones] == [80, 120]
        assert training.learning_rate == (0.05 if "vgg" in config.model.name else 0.1)
        assert (training.schedule, training.warmup_epochs) == ("step", 0)
        assert (training.crop_padding, training.flip, training.checkpoint) == (4, True, "best")
        assert config.model.dense_std == 0.01
        assert matching.epsilons == (0.15, 0.2, 0.25, 0.3, 0.5)
        assert (matching.positions, matching.redraws, matching.layers) == (10_000, 16, ())


def test_what_an_experiment_varies():
    def varied(experiment, setting):
        return [setting(config) for config in load_configs(CONFIGS / experiment).values()]

    for size in ("smoke", "full"):
        shared = varied(f"seeds_and_data_order/{size}.py", lambda config: config.training.shared)
        assert shared == ["nothing", "initialisation", "order"]
        widths = varied(f"width/{size}.py", lambda config: config.model.width)
        assert widths == sorted(set(widths))
        assert len(widths) >= 3
        norms = varied(f"batch_norm/{size}.py", lambda config: config.model.name)
        assert norms == [f"{norms[1]}_bn", norms[1]]


def test_accuracies_of_the_main_job_hold_wherever_they_were_measured():
    readme = (CONFIGS.parent / "README.md").read_text(encoding="utf-8")
    stated = re.findall(r"^seed (\d): validation accuracy ([\d.]+)–([\d.]+)%", readme, re.MULTILINE)
    assert [seed for seed, _, _ in stated] == ["0", "1", "2"]
    for seed, low, high in stated:
        for accuracies in DIGITS_ACCURACIES:
            assert LEAST <= float(low) <= accuracies[int(seed)] <= float(high)
    header = (CONFIGS / "digits_vgg.py").read_text(encoding="utf-8")
    assert f"validation accuracy {LEAST:g} % or more for each seed" in header
    pages = header + (CONFIGS.parent / "docs" / "reproducing.md").read_text(encoding="utf-8")
    ranges = re.findall(r"(9\d\.\d) to (9\d\.\d) % by two code generators of XLA on one type of\s+processor", pages)
    assert len(ranges) == 2
    for low, high in ranges:
        assert float(low) <= min(map(min, DIGITS_ACCURACIES)) <= max(map(max, DIGITS_ACCURACIES)) <= float(high)
