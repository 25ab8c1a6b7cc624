"""Activations of any model, as (samples, units)."""
