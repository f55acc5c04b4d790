"""Docstrings of all that is public, as they are at run time: whole and in order."""

import ast
import dataclasses
import functools
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from numpydoc.validate import ERROR_MSGS, validate
from sklearn.base import BaseEstimator

import tapsklearn
from tapsklearn import CNNDetector, TripletDetector

_SETTINGS = tomllib.loads(
    (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
)["tool"]["numpydoc_validation"]
_EXCLUDED = _SETTINGS.get("exclude_files", [])
# numpydoc's own rule: "all" with codes after it means every check but these.
CHECKS = set(_SETTINGS["checks"])
if "all" in CHECKS:
    CHECKS = {*ERROR_MSGS} - CHECKS


def list_public() -> Iterator[str]:
    """List the public names of all packages, and of the classes among them."""
    packages = ["tapsklearn"] + [
        f"tapsklearn.{module.name}"
        for module in pkgutil.iter_modules(tapsklearn.__path__)
        if module.ispkg
    ]
    for package in packages:
        # The options of a command document themselves.
        if any(re.search(each, package.replace(".", "/") + "/") for each in _EXCLUDED):
            continue
        for name in dir(importlib.import_module(package)):
            value = getattr(importlib.import_module(package), name)
            if name.startswith("_") or inspect.ismodule(value):
                continue
            if callable(value):
                yield f"{package}.{name}"
            if inspect.isclass(value) and value.__module__.startswith(f"{package}._"):
                yield from (f"{package}.{name}.{each}" for each in list_own(value))


def list_own(cls: type) -> Iterator[str]:
    """List the public methods and properties of a class that are written by us."""
    for name, value in inspect.getmembers(cls):
        function: Any = value.fget if isinstance(value, property) else value
        if not name.startswith("_") and callable(function):
            module = getattr(inspect.unwrap(function), "__module__", None) or ""
            if module.startswith("tapsklearn."):
                yield name


PUBLIC = sorted(set(list_public()))


def find(name: str) -> Any:
    """Find what a public name stands for."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        return functools.reduce(getattr, parts[length:], found)
    raise AssertionError(name)


@pytest.mark.parametrize("name", PUBLIC)
def test_the_docstring_is_numpydocs(name: str) -> None:
    errors = dict(each for each in validate(name)["errors"] if each[0] in CHECKS)
    value = find(name)
    if dataclasses.is_dataclass(value) and not issubclass(value, BaseEstimator):
        # What a record is made of is documented once, as what it holds.
        fields = {each.name for each in dataclasses.fields(value) if each.init}
        documented = read_entries(value, "Attributes")
        if {each for each in fields if not each.startswith("_")} <= documented.keys():
            errors.pop("PR01", None)
    assert not errors


def test_no_public_name_is_forgotten() -> None:
    assert "tapsklearn.detectors.ArcFaceDetector.calibrate" in PUBLIC
    assert "tapsklearn.detectors.ArcFaceDetector.net_" in PUBLIC
    assert "tapsklearn.networks.extract_features" in PUBLIC
    assert not any(name.startswith("tapsklearn.cli") for name in PUBLIC)


@pytest.mark.parametrize("name", [each for each in PUBLIC if callable(find(each))])
def test_documented_defaults_are_those_of_the_signature(name: str) -> None:
    function = find(name)
    documented = read_entries(function, "Parameters")
    parameters = inspect.signature(function).parameters if documented else {}
    for each, parameter in parameters.items():
        written = re.search(r"default=(.+)$", documented.get(each, ""))
        if written is None or written[1] == f"{type(parameter.default).__name__}()":
            continue
        assert read(written[1]) == read(repr(parameter.default)), each


def test_inherited_parameters_are_documented_in_the_order_of_the_signature() -> None:
    documented = read_entries(TripletDetector, "Parameters")
    assert list(documented) == list(inspect.signature(TripletDetector).parameters)
    # What a class writes itself wins over what it inherits.
    assert documented["batch_size"] == "int, default=32"
    assert read_entries(CNNDetector, "Parameters")["batch_size"] == "int, default=16"
    attributes = read_entries(TripletDetector, "Attributes")
    assert {"offset_", "net_", "history_"} <= attributes.keys()


def test_python_without_docstrings_imports_and_fits() -> None:
    # skorch needs docstrings itself, so that a detector that trains cannot do without.
    script = """
    import numpy as np
    from tapsklearn import RandomConvDetector
    RandomConvDetector().fit(np.random.default_rng(0).normal(size=(40, 3, 4)))
    """
    command = [sys.executable, "-OO", "-c", textwrap.dedent(script)]
    subprocess.run(command, check=True)


def read_entries(value: Any, section: str) -> dict[str, str]:
    """Read the types of what a section documents, by name."""
    doc = inspect.getdoc(value) or ""
    found = re.search(rf"^{section}\n-+\n(.*?)(^\w[\w ]*\n-+$|\Z)", doc, re.M | re.S)
    entries = re.findall(r"^(\S[^\n]*?) : (.*)$", found[1] if found else "", re.M)
    return {each: text for names, text in entries for each in names.split(", ")}


def read(written: str) -> Any:
    """Read a default, be it 1e-3 or 0.001."""
    try:
        return ast.literal_eval(written)
    except (ValueError, SyntaxError):
        return written
