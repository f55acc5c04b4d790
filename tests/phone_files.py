"""Recordings in the formats of phones, as the benchmarks make them."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

av = pytest.importorskip("av", reason="the extra `phone` is not installed")
_made_by = Path(__file__).parents[1] / "benchmarks" / "phone_files.py"
_spec = importlib.util.spec_from_file_location("benchmarks_phone_files", _made_by)
assert _spec is not None
assert _spec.loader is not None
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
KINDS = _module.KINDS


def encode(*args: Any, **params: Any) -> None:
    """Write a waveform as `benchmarks/phone_files.py` does; skip where nothing can."""
    try:
        _module.encode(*args, **params)
    except LookupError as error:
        pytest.skip(str(error))
