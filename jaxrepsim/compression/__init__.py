"""Activations on fewer samples with the same geometry."""

from jaxrepsim.compression.one_shot import compress as compress
