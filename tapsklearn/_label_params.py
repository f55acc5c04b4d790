"""Parameters that hold labels of boards, in copies and files."""

import copy
from collections.abc import Iterator, KeysView, ValuesView
from typing import Any, Self

from sklearn.base import _clone_parametrized

from tapsklearn._labels import check_names, check_specimens

_NAMES = ("normal_boards", "boards")


class HoldsLabels:
    """Give copies, pickles and model files labels as lists and dicts of Python.

    Keys of a dictionary, for one, are as good as a list to whoever reads them, but
    cannot be copied. The object itself keeps what it was given.
    """

    def __getstate__(self) -> dict[str, Any]:
        # Not the dict that the object lives in.
        state = dict(super().__getstate__())  # type: ignore[call-overload]
        for name, value in state.items():
            try:
                if name in _NAMES and value is not None:
                    state[name] = check_names(value, name=name)
                elif name == "specimens":
                    state[name] = check_specimens(value)
            except ValueError:
                # Who uses them says what is wrong.
                continue
        return state

    def __sklearn_clone__(self) -> Self:
        if not hasattr(self, "get_params"):
            return copy.deepcopy(self)
        given = [getattr(self, name, None) for name in _NAMES]
        for name, value in zip(_NAMES, given, strict=True):
            if isinstance(value, Iterator):
                check_names(value, name=name)
        is_view = any(isinstance(value, KeysView | ValuesView) for value in given)
        return _clone_parametrized(copy.copy(self) if is_view else self)
