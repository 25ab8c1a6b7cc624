"""The study of docs/validity.md: networks that are trained, their representations, and measures of these."""
