"""Tests of the tester: ``claims/kit``, the assumptions, the constants and the families."""
