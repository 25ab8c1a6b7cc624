"""Training one network from one seed, and many networks from many."""
