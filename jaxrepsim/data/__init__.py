"""Image sets: tensorflow-datasets, and the digits that scikit-learn ships."""
