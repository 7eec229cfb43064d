"""Part II: X. Lin, C. Wu, learning problems, arXiv:2605.27133 (2026)."""
