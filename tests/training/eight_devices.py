"""Run by test_devices.py in a process with eight CPU devices: trains one network, then many; writes their weights."""

import dataclasses
import sys
from functools import partial

import jax
import numpy as np

from jaxrepsim.training import TrainedNetwork, train_network, train_networks
from jaxrepsim.training.epoch import _jitted_step, run_epoch
from jaxrepsim.training.placement import Placement, place
from jaxrepsim.training.step import Recipe, TrainState, initial_state, make_recipe
from tests.training.stream import streamed
from tests.training.tiny import CONFIG, SIXTEEN_SEEDS, TinyNet, tiny_dataset

MODEL, DATA = TinyNet(), tiny_dataset()


def flat(networks: list[TrainedNetwork]) -> np.ndarray:
    """A network a row: its weights, then what its history says."""
    rows = [
        [np.ravel(leaf) for leaf in (*jax.tree.leaves(network.variables), [record[:4] for record in network.history])]
        for network in networks
    ]
    return np.stack([np.concatenate(row) for row in rows])


def start(networks: int) -> tuple[Recipe, Placement, TrainState]:
    """The states of so many networks before their first step."""
    recipe, placement = make_recipe(MODEL, CONFIG, 43, DATA.mean, DATA.std), place(networks, CONFIG.batch_size)
    first = [initial_state(recipe, (6, 6, 1), jax.random.key(seed)) for seed in range(networks)]
    return recipe, placement, placement.stack(first)


def program(networks: int) -> str:
    """The compiled step of so many networks."""
    recipe, placement, state = start(networks)
    order, key = (placement.stack([each] * networks) for each in (np.arange(43, dtype=np.int32), jax.random.key(0)))
    split = placement.shared(DATA.train)
    return _jitted_step.lower(recipe, placement, state, *split, order, key, np.int32(0)).compile().as_text()


def epochs(networks: int) -> list:
    """An epoch as a loop, and as an accelerator scans it: the weights, and the losses."""
    found = []
    for scan in (False, True):
        recipe, placement, state = start(networks)
        drawn = [jax.random.key(seed) for seed in range(networks)]
        split = placement.shared(DATA.train)
        state, metrics = run_epoch(recipe, placement, state, split, drawn, drawn, lambda step: None, scan=scan)
        found.append((jax.device_get(state), metrics))
    return found


def main(file: str) -> None:
    """Trains, and writes an array for each way."""
    assert len(jax.devices()) == 8
    assert [place(*each).mesh.size for each in ((1, 8), (1, 12), (1, 7), (8, 1), (12, 8), (11, 8))] == [
        8,
        6,
        7,
        8,
        6,
        1,
    ]
    one, sixteen = program(1), program(len(SIXTEEN_SEEDS))
    # A share of the batch is one image; a share of the networks is two, which need nothing of one another.
    assert "all-reduce" in one
    assert "f32[1,6,6,4]" in one
    assert not any(word in sixteen for word in ("all-reduce", "all-gather", "all-to-all", "collective-permute"))
    jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-3, atol=1e-4), *epochs(len(SIXTEEN_SEEDS)))
    at_once = dataclasses.replace(CONFIG, seeds=SIXTEEN_SEEDS, seeds_at_once=len(SIXTEEN_SEEDS))
    np.savez(
        file,
        one_seed=flat([train_network(MODEL, DATA, CONFIG, 0)]),
        streamed=flat([train_network(MODEL, streamed(DATA), CONFIG, 0)]),
        sixteen_seeds=flat(train_networks(MODEL, DATA, at_once)),
    )


if __name__ == "__main__":
    main(sys.argv[1])
