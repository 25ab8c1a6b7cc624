"""Flax Linen networks that return their logits and every named layer's activations."""
