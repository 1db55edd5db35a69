"""Environment families, one folder each; discovered by name."""
