"""Compiled float64 kernels of the invariants; every one has a slow, obvious twin in tests/."""
