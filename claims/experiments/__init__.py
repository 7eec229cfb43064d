"""Experiments: what is observed with statistics and proved by nothing."""
