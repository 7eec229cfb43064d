"""Faults planted in the core and in the constants that judge it, with the checks that must catch them."""
