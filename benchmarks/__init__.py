"""Side-by-side timings. Each command stands alone and is run from the root of the repository:

    python -m benchmarks.side_by_side     the package against named baselines, as ratios: docs/benchmarks.md
    python -m benchmarks.growth           how time and memory grow with each size
    python -m benchmarks.accelerator      the engine on a GPU or TPU: correctness, then time against a cost model
    python -m benchmarks.expected CONFIG  the least memory and time of the runs of a config file, computed beforehand
    python -m benchmarks.seeds_at_once    training seeds one after the other, by lax.map and by vmap

`--quick` runs the first three at toy size, to see that it works; its figures mean nothing.
"""
