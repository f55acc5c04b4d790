"""What importing the package costs, and what its names lead to."""

import importlib
import inspect
import pkgutil
import subprocess
import sys

import pytest

import tapsklearn

PACKAGES = [
    "tapsklearn",
    *(
        f"tapsklearn.{module.name}"
        for module in pkgutil.iter_modules(tapsklearn.__path__)
        if module.ispkg
    ),
]
HEAVY = {
    *("torch", "librosa", "matplotlib", "sounddevice", "skorch", "sklearn", "scipy"),
    *("numpy", "pandas", "pytorch_metric_learning", "soundfile", "numba", "rich"),
}


@pytest.mark.parametrize("module", ["tapsklearn", "tapsklearn.cli"])
def test_importing_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert module in loaded
    assert not HEAVY & set(loaded)


@pytest.mark.parametrize("name", PACKAGES)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    package = importlib.import_module(name)
    assert package.__doc__
    public = [each for each in dir(package) if not each.startswith("_")]
    assert public
    for each in public:
        value = getattr(package, each)
        # A table of metrics, say, has no docstring of its own.
        if inspect.ismodule(value) or callable(value):
            assert value.__doc__, f"{name}.{each} has no docstring"
