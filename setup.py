"""Tell setuptools the packages: the repository root is `tapeout`, each folder below a sub-package.

The list is found, not written down, so that a new folder ships without anyone having to remember.
Everything else about the project is in pyproject.toml.
"""

from setuptools import find_packages, setup

NOT_SHIPPED = ["tests", "examples", "benchmarks", "docs", "build", "dist"]

found = find_packages(".", exclude=[*NOT_SHIPPED, *(f"{folder}.*" for folder in NOT_SHIPPED)])

setup(
    script_name="setup.py",  # this file, which lies in the package's folder and is no module of it
    package_dir={"tapeout": "."},
    packages=["tapeout", *(f"tapeout.{name}" for name in found)],
)
