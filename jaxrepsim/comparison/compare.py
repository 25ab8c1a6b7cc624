"""Networks in memory, compressed ones, or activation files: compared by one call."""

import json
import os
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path

import jax
import numpy as np

from jaxrepsim import activations
from jaxrepsim._typing import ArrayLike, Key
from jaxrepsim.activations import ActivationFile
from jaxrepsim.activations.units import as_floating, check_finite
from jaxrepsim.comparison.pairing import Layers, paired
from jaxrepsim.comparison.result import Comparison
from jaxrepsim.data.progress import Progress, asked
from jaxrepsim.errors import FewSamplesWarning, InputError, said_of
from jaxrepsim.numerics.call_site import warn_at_call_site
from jaxrepsim.pipeline import analysis, correspondence, matching_stage
from jaxrepsim.pipeline.part import Inputs
from jaxrepsim.pipeline.parts import AcrossLayers, AnalysisConfig, Chance, Joint, Measures, MinimalMatches
from jaxrepsim.pipeline.passes import sources
from jaxrepsim.pipeline.passes.sources import Files
from jaxrepsim.pipeline.shared_settings import MatchingConfig, SamplingConfig

Network = Mapping[str, ArrayLike] | ActivationFile | str | os.PathLike[str]
"""{layer: (samples, units)}, such as `jaxrepsim.capture` gives; an activation file, or the path of one."""


def compare(
    networks: Mapping[str, Network],
    *,
    measures: Sequence[str] = Measures().names,
    layers: Layers | None = None,
    epsilons: Sequence[float] = MatchingConfig().epsilons,
    across_layers: bool = False,
    minimal_units: int = 0,
    chance: int = 0,
    key: int | Key = 0,
    progress: bool | Progress = True,
) -> Comparison:
    """Compares every layer of every two networks.

    A layer's similarity at ε is the share of the units of both networks that are in the maximum ε-approximate match,
    (|X| + |Y|) / (n_x + n_y). Of three networks or more the match of all at once is found too.

    Args:
        networks: Two or more, by name: the activations of each on the same inputs in the same order, from input to
            output. Widths may differ, and so may architectures.
        measures: Names of the table `jaxrepsim.measures.MEASURES`; the similarity of the match is there in any case.
        layers: Which layers, by their names in the first network; by default all. Layers of equal names are paired by
            them; where no names are equal, those of equal numbers of layers are paired by order. Else a mapping says
            which belong together: `{label: (layer of the first network, layer of the second, ...)}`.
        epsilons: The values of ε of tables and figures, in [0, 1), ascending.
        across_layers: Whether every layer of one network is compared with every layer of the other, also those that are
            not in `layers`. Layers that have as many rows are compared row by row; others, if their rows are so many
            positions of each input, by the means over positions. Needs raw activations, or those of
            `capture_compressed(..., across_layers=True)`.
        minimal_units: For how many units of a layer a minimal match is searched.
        chance: How many draws of shuffled inputs and of random vectors similarity is held against, and against how
            many of shuffled inputs the measures are calibrated. Needs raw activations.
        key: A seed, or a JAX key: which units, and which draws.
        progress: See `capture`.

    Returns:
        The comparison: labelled arrays, a long table, distances, figures, the report page.

    Raises:
        InputError: Fewer than two networks; layers of which it is not clear which belong together, or with other
            numbers of samples; an activation is NaN or infinite; networks that are compressed and do not correspond.

    Source: Wang et al. 2018, arXiv:1810.11750, section 4.

    >>> x = np.random.default_rng(0).normal(size=(500, 6))
    >>> y = np.hstack([x[:, :3], x[:, :3] ** 2])
    >>> found = compare({"a": {"fc": x}, "b": {"dense": y}}, measures=["procrustes"], epsilons=[0.3])
    >>> found.similarity.squeeze().item()
    0.5
    >>> print(found.to_dataframe().round(1).to_string(index=False))
    network_x network_y layer_x layer_y          measure  epsilon  value
            a         b      fc   dense match_similarity      0.3    0.5
            a         b      fc   dense        match_auc      NaN    0.5
            a         b      fc   dense       procrustes      NaN    1.0
    """
    named = {str(name): _as_file(str(name), network) for name, network in networks.items()}
    if len(named) < 2:
        raise InputError(f"a comparison needs two networks or more, received {len(named)}")
    correspondence.check_corresponding(named)
    pairing = paired(named, layers)
    config = AnalysisConfig(
        matching=MatchingConfig(tuple(map(float, epsilons)), tuple(pairing.layers), seed=_seed(key)),
        sampling=SamplingConfig(images=max(max(file.samples.values()) for file in named.values())),
        measures=Measures(names=tuple(measures), draws=chance),
        minimal_matches=MinimalMatches(units=minimal_units),
        joint=Joint(on=len(named) > 2),
        across_layers=AcrossLayers(on=across_layers),
        chance=Chance(draws=chance),
    )
    common = correspondence.common_layers(pairing.networks, config.matching)
    source = Files(pairing.networks, config.matching.batch_size)
    if across_layers and not all(map(sources.one_basis, named.values())):
        source.check("across_layers")
    if chance:
        source.check("chance", common)
    analysis.check(config, common, {})
    for warning in correspondence.few_samples(pairing.networks, common):
        warn_at_call_site(warning, FewSamplesWarning)
    report = asked(progress)
    inputs = Inputs(
        pairing.networks,
        common,
        config.matching,
        lambda what, done, total, note="": report(what, done, total),
        source=source,
        sampling=config.sampling,
        measures=config.measures.computed,
        own_names=pairing.own_names,
    )
    about = {"title": f"Comparison of {', '.join(named) if len(named) < 4 else f'{len(named)} networks'}"}
    if pairing.own_names:
        about["own_names"] = json.dumps(pairing.own_names)
    return Comparison(matching_stage.match(inputs, config, None, lambda line: None, about))


def _as_file(name: str, network: Network) -> ActivationFile:
    if isinstance(network, ActivationFile):
        return network
    if isinstance(network, (str, os.PathLike)):
        return activations.load(Path(network))
    if not isinstance(network, Mapping):
        raise InputError(
            f"{name} is given as {type(network).__name__}: expected its activations, {{layer: (samples, units)}}, as "
            "jaxrepsim.capture(model, inputs) gives them; or an activation file"
        )
    layers = OrderedDict[str, np.ndarray]()
    with said_of(name):
        for layer, values in network.items():
            rows = np.asarray(values)
            if rows.ndim != 2 or not rows.size:
                raise InputError(
                    f"layer {layer!r} has the shape {rows.shape}, expected (samples, units): of a map each position "
                    "is a sample, which jaxrepsim.activations.as_units(map, layout=...) makes"
                )
            layers[str(layer)] = rows.astype(as_floating(str(layer), rows.dtype), copy=False)
            check_finite(str(layer), layers[str(layer)])
        if not layers:
            raise InputError("there is no layer")
    return ActivationFile(layers, {layer: len(rows) for layer, rows in layers.items()}, {})


def _seed(key: int | Key) -> int:
    """A seed from 0 to 2³¹ − 1."""
    return key if isinstance(key, int) else int(jax.random.bits(key) >> 1)
