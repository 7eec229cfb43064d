"""Part I: X. Lin, C. Wu, feed-forward systems, IMA J. Numer. Anal. (2025) draf068 (what part II uses)."""
