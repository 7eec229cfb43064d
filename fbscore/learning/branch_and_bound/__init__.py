"""Bounds over boxes of parameters, from one run at the centre of each, and the pool of boxes."""
