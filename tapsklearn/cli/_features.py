"""Options of features, which commands that train share."""

import functools
import inspect
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

import typer

_PANEL = "Features, found from normal takes unless they are given"


class Kind(StrEnum):
    """Where the settings of features come from."""

    auto = "auto"
    article = "article"


class Per(StrEnum):
    """What is standardized."""

    take = "take"
    frequency = "frequency"


def _number(least: int, metavar: str, text: str) -> Any:
    option = typer.Option(min=least, metavar=metavar, help=text, rich_help_panel=_PANEL)
    return Annotated[int | None, option]


# By the parameters of TapFeatures.
_OPTIONS: dict[str, Any] = {
    "sr": _number(1, "HZ", "Sampling rate that crops are computed at."),
    "duration": Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", help="Length of the clip around a tap that is used."
        ),
    ],
    "n_fft": _number(1, "N", "Length of a frame, in samples."),
    "hop_length": _number(1, "N", "Step from frame to frame, in samples."),
    "n_freqs": _number(1, "N", "Frequencies kept, from the lowest up."),
    "n_frames": _number(1, "N", "Frames kept."),
    "pre_frames": _number(0, "N", "How many of them lie before the onset."),
    "per": Annotated[
        Per | None,
        typer.Option(
            help="Whether each take is standardized by itself, or each frequency over "
            "all of them.",
        ),
    ],
}
_KIND = Annotated[
    Kind,
    typer.Option(
        "--features",
        help="Whether settings that are not given are found from the normal takes, or "
        "are those of the article.",
    ),
]


def with_features(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of features.

    Parameters
    ----------
    command : callable
        The command; its argument `features` is unfitted `TapFeatures` as chosen.

    Returns
    -------
    callable
        The command with options in place of that argument.
    """
    own = inspect.signature(command)
    added = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
        )
        for name, annotation, default in (
            ("kind", _KIND, Kind.auto),
            *((name, annotation, None) for name, annotation in _OPTIONS.items()),
        )
    ]

    @functools.wraps(command)
    def with_options(*, kind: Kind, **given: Any) -> None:
        settings = {name: given.pop(name) for name in _OPTIONS}
        command(**given, features=_make_features(kind, settings))

    kept = [each for name, each in own.parameters.items() if name != "features"]
    signature = own.replace(parameters=[*kept, *added])
    with_options.__signature__ = signature  # type: ignore[attr-defined]
    with_options.__annotations__ = {
        name: each.annotation for name, each in signature.parameters.items()
    }
    return with_options


def _make_features(kind: Kind, settings: dict[str, Any]) -> Any:
    from tapsklearn.preprocessing import TapFeatures, article_features

    given: dict[str, Any] = {
        name: value.value if isinstance(value, StrEnum) else value
        for name, value in settings.items()
        if value is not None
    }
    return article_features(**given) if kind == Kind.article else TapFeatures(**given)
