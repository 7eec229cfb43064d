"""How instances are made: stated distributions, corner strata, real input, and Hypothesis strategies."""
