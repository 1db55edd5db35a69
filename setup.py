"""The package list: the root folders envs/ and agents/ are installed as mathrl.envs and mathrl.agents."""

from setuptools import find_packages, setup

setup(
    packages=["mathrl", *(f"mathrl.{name}" for name in find_packages(include=["envs", "envs.*", "agents", "agents.*"]))]
)
