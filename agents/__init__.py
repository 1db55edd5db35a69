"""Agents, one file each; discovered by name."""
