"""Independent oracles: what judges shares nothing with what is judged.

numpy, scipy and python-flint only. Every function takes float64 arrays (batched, vectorised) or numpy object
arrays of `flint.arb` ("ball arrays"): the same predicate is evaluated in floating point on batches and,
within `elementary.digits()`, at 60 decimal digits with rigorous error bounds on one recorded instance.
"""
