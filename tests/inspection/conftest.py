"""Figures without a screen, and none left behind."""

from collections.abc import Iterator
from typing import Any

import matplotlib
import pytest

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def _no_trace_of_figures() -> Iterator[None]:
    """Close what a test drew, and hold it to leaving the settings as they were."""
    import matplotlib.pyplot as plt

    before: dict[str, Any] = dict(matplotlib.rcParams)
    yield
    plt.close("all")
    assert dict(matplotlib.rcParams) == before


@pytest.fixture
def own_axes() -> Any:
    """Give axes in a figure with others."""
    import matplotlib.pyplot as plt

    return plt.subplots(1, 2)[1][1]
