"""The script that re-checks an exported solution with Python's standard library alone.

`script` is where it begins; export.to_check joins it with the modules that it imports, those first.
"""
