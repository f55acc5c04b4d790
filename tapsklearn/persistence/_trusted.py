"""The classes of ours that a model file may hold, each by its name."""

import functools
import inspect

from sklearn.base import BaseEstimator


@functools.cache
def list_our_classes() -> tuple[str, ...]:
    """List the estimators that are public in the packages whose models are saved.

    A file names the module of each class: one that moves needs its old place here, and
    a module there that still has it.

    Returns
    -------
    tuple of str
        Full names.
    """
    from tapsklearn import detectors, preprocessing

    public = [
        getattr(package, name)
        for package in (detectors, preprocessing)
        for name in package.__all__
    ]
    return tuple(
        f"{each.__module__}.{each.__qualname__}"
        for each in public
        if inspect.isclass(each) and issubclass(each, BaseEstimator)
    )
