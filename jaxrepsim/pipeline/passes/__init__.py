"""One pass over the images each: networks run batch by batch, and something is kept of what they answer."""
