"""Compiled parts of Buchberger's algorithm: packed monomials, pair elimination, reduction, strategies, searches.

A monomial is a tuple of W uint64 words, W known to the compiler, so that one source serves every width.
"""
