"""Model files to models."""

import os
from collections.abc import Iterator, Sequence
from inspect import signature
from typing import Any, BinaryIO
from zipfile import ZipFile

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from tapsklearn._version import __version__
from tapsklearn.persistence._about import parse_about
from tapsklearn.persistence._archive import check_archive, open_model
from tapsklearn.persistence._errors import (
    ModelFileError,
    UntrustedClassesError,
)
from tapsklearn.persistence._trusted import list_our_classes

# Parameters that belong to a machine or to a training, and what they are in a file.
# A folder of kept crops is one of pickles, which nothing from outside may choose.
OF_THE_MACHINE = {"memory": None, "n_jobs": None, "callbacks": None, "device": "cpu"}


def load(path: str | os.PathLike[str], trusted: Sequence[str] = ()) -> Any:
    """Load a model that `save` saved, without running anything from the file.

    Only classes of tapsklearn, each by its name, and what skops trusts of
    scikit-learn and numpy are built, from numbers and text; nothing is unpickled.

    Parameters
    ----------
    path : path-like
        The model file.
    trusted : sequence of str, default=()
        Classes of yours that the file may hold, each by its full name
        ("package.module.Class"). Their code runs.

    Returns
    -------
    estimator
        The fitted model, on the CPU.

    Raises
    ------
    ModelFileError
        If the file is no model, is damaged, holds classes that are not trusted, or
        was made by a version that this one cannot read; the message names the reason.
    OSError
        If there is no such file.

    See Also
    --------
    save : Write such a file.
    read_about : What a file holds about itself, without loading the model.

    Examples
    --------
    >>> import tempfile
    >>> from tapsklearn import WavLoader
    >>> from tapsklearn.persistence import save
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(WavLoader(sr=16000), f"{folder}/loader.taps")
    ...     load(f"{folder}/loader.taps")
    WavLoader(sr=16000)
    """
    check_trusted(trusted)
    with open_model(path) as (file, n_bytes):
        return read_model(file, n_bytes, trusted)


def check_trusted(trusted: Sequence[str]) -> None:
    """Check that trusted is a list of names, and not a single one.

    Parameters
    ----------
    trusted : sequence of str
        As for `load`.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    if isinstance(trusted, str) or not all(isinstance(name, str) for name in trusted):
        raise ValueError(
            f"trusted={trusted!r} must be a list of full names of classes, such as "
            '["package.module.Class"]'
        )


def read_model(file: BinaryIO, n_bytes: int, trusted: Sequence[str]) -> Any:
    """Read a model.

    Parameters
    ----------
    file : file object
        The file, opened to read bytes.
    n_bytes : int
        Its size.
    trusted : sequence of str
        As for `load`.

    Returns
    -------
    estimator
        The model.

    Raises
    ------
    Exception
        Of any kind, if the file is not as it should be.
    """
    # skops asks scikit-learn for all its estimators, which takes a second.
    from skops.io import get_untrusted_types
    from skops.io import load as load_skops
    from skops.io.exceptions import UntrustedTypesFoundException

    with ZipFile(file) as archive:
        check_archive(archive, n_bytes)
        about = parse_about(archive)
    file.seek(0)
    all_trusted = [*list_our_classes(), *trusted]
    try:
        model = load_skops(file, trusted=all_trusted)
    except UntrustedTypesFoundException as error:
        names = set(get_untrusted_types(file=file)) - {*all_trusted}
        raise UntrustedClassesError(names) from error
    if not isinstance(model, BaseEstimator):
        raise ModelFileError(f"holds no estimator, but a {type(model).__name__}")
    _check_parameters(model, about["versions"]["tapsklearn"])
    leave_machine(model)
    check_is_fitted(model)
    return model


def leave_machine(model: BaseEstimator) -> None:
    """Reset the parameters that belong to a machine or to a training.

    Parameters
    ----------
    model : estimator
        The model, which is changed.
    """
    for estimator in _walk(model):
        for name in OF_THE_MACHINE.keys() & vars(estimator).keys():
            setattr(estimator, name, OF_THE_MACHINE[name])


def _check_parameters(model: BaseEstimator, made_by: str) -> None:
    """Set parameters newer than the file to their defaults; refuse unknown ones."""
    for estimator in _walk(model):
        kind = type(estimator)
        if f"{kind.__module__}.{kind.__name__}" not in list_our_classes():
            continue
        parameters = signature(kind.__init__).parameters
        for name, parameter in parameters.items():
            if parameter.default is not parameter.empty:
                vars(estimator).setdefault(name, parameter.default)
        unknown = [
            name
            for name in vars(estimator)
            if name not in parameters and name[0] != "_" and name[-1] != "_"
        ]
        if unknown:
            raise ModelFileError(
                f"{kind.__name__} in it has {', '.join(unknown)}, which "
                f"tapsklearn {made_by} had and this {__version__} has not"
            )


def _walk(value: Any) -> Iterator[BaseEstimator]:
    """Find all estimators in an estimator: parameters, steps and what was fitted."""
    if isinstance(value, BaseEstimator):
        yield value
        value = vars(value)
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for each in value:
            yield from _walk(each)
