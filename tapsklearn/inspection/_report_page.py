"""From what a report says to its one file."""

import base64
import hashlib
import importlib.util
import os
import platform
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from errno import EACCES, EISDIR, ENOENT
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tapsklearn._shorten import shorten
from tapsklearn._table_text import encode_text
from tapsklearn._version import __version__
from tapsklearn._whole_file import write_whole
from tapsklearn.inspection._report_boards import (
    SPARK_HEIGHT,
    SPARK_WIDTH,
    BoardRow,
    plot_spark,
)
from tapsklearn.inspection._report_language import Language, read_table
from tapsklearn.inspection._report_media import (
    MOST_NEAR_THRESHOLD,
    Media,
    collect_media,
)
from tapsklearn.inspection._report_pictures import EFFECT, LOUDNESS

if TYPE_CHECKING:
    from jinja2 import Environment

_NEEDS = {"jinja2": "jinja2", "PIL": "pillow"}
_PACKAGES = ("numpy", "scikit-learn", "torch")
_LEAST_SIZE = 10_000


def check_report(
    path: str | os.PathLike[str],
    *,
    language: str,
    max_size: int,
) -> None:
    """Check that a report could be written, before anything is computed in vain.

    Parameters
    ----------
    path : path-like
        The file.
    language : str
        As of `write_report`.
    max_size : int
        As of `write_report`.

    Raises
    ------
    ImportError
        If a package of the extra is missing.
    ValueError
        If a parameter makes no sense.
    OSError
        If the file cannot be written there.

    Examples
    --------
    >>> check_report("report.html", language="ja", max_size=30_000_000)
    """
    lacking = [name for module, name in _NEEDS.items() if not _is_there(module)]
    if lacking:
        raise ImportError(
            f"a report needs {shorten(lacking)}, which is missing: pip install "
            '"tapsklearn[report]"'
        )
    read_table(language)
    if max_size < _LEAST_SIZE:
        raise ValueError(
            f"max_size={max_size} must be at least {_LEAST_SIZE}: it is in bytes"
        )
    file = Path(path)
    if file.is_dir():
        raise IsADirectoryError(EISDIR, "is a folder; name a file in it", str(file))
    if not file.parent.is_dir():
        raise FileNotFoundError(ENOENT, "there is no such folder", str(file.parent))
    if not os.access(file.parent, os.W_OK):
        raise PermissionError(EACCES, "nothing can be written there", str(file.parent))


def _is_there(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def write_page(
    path: Path,
    template: str,
    boards: Sequence[BoardRow],
    models: dict[int, Any],
    *,
    language: Language,
    max_size: int,
    created: datetime | None,
    verbose: int,
    **context: Any,
) -> None:
    """Write a report, with as much of the recordings as fits.

    Parameters
    ----------
    path : Path
        The file.
    template : str
        Its name.
    boards : sequence of BoardRow
        All of them.
    models : dict of int to estimator
        What scored the takes.
    language : Language
        Of the page.
    max_size : int
        Of the file, in bytes.
    created : datetime or None
        When it was written. If None, now.
    verbose : int
        1 shows a progress bar.
    **context : object
        What else the template shows.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    environment = _make_environment()
    page = environment.get_template(template)
    style = _read_asset(environment, "report.css")
    script = _read_asset(environment, "report.js")
    margins = [take.margin for board in boards for take in board.scored]
    ends = (min(margins, default=0.0), max(margins, default=0.0))
    context |= {
        "language": language,
        "say": language.say,
        "created": created or datetime.now(UTC),
        "version": __version__,
        "policy": _make_policy(script, style),
        "css": style,
        "script": script,
        "words": {
            "error": language.say("play_error"),
            "shown": read_table(language.code)["messages"]["shown"],
        },
        "boards": boards,
        "counts": Counter(board.verdict for board in boards),
        "knows_condition": any(board.condition for board in boards),
        "sparks": {board.number: plot_spark(board, *ends) for board in boards},
        "middles": {board.number: _find_middle(board) for board in boards},
        "spark_width": SPARK_WIDTH,
        "spark_height": SPARK_HEIGHT,
        "n_near": MOST_NEAR_THRESHOLD,
        "max_size": max_size,
    }

    def render(media: Media, unlisted: set[int]) -> bytes:
        parts = page.generate(
            context, media=media, left_out=media.left_out, unlisted=unlisted
        )
        return b"".join(map(encode_text, parts))

    # Of each board, a reason why there is no sound is no longer than what has one.
    without = Media(left_out={board.number: "near" for board in boards})
    unlisted: set[int] = set()
    n_bytes = len(render(without, unlisted))
    if n_bytes > max_size // 2:
        # The lists of takes are the largest part of it; those that are of the least
        # interest go first.
        unlisted = {board.number for board in boards if board.verdict == "normal"}
        n_bytes = len(render(without, unlisted))
    media = collect_media(boards, models, max_bytes=max_size - n_bytes, verbose=verbose)
    write_whole(path, render(media, unlisted))


def _find_middle(board: BoardRow) -> float:
    return float(np.median([take.margin for take in board.scored] or [np.nan]))


def _make_environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("tapsklearn.inspection", "_page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _read_asset(environment: "Environment", name: str) -> Any:
    from markupsafe import Markup

    text = environment.get_template(name).render(
        loudness=", ".join(LOUDNESS), effect=", ".join(EFFECT)
    )
    # Ours, and no name of anybody's in it.
    return Markup(text)


def _make_policy(script: str, style: str) -> str:
    """Write what a browser may load and run: this page, and nothing else."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {_hash(script)}",
            f"style-src {_hash(style)}",
            "img-src data:",
            "media-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(str(text).encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def list_versions() -> str:
    """List the versions of what computed a report.

    Returns
    -------
    str
        On one line.
    """
    versions = {"tapsklearn": __version__, "Python": platform.python_version()}
    versions |= {name: version(name) for name in _PACKAGES}
    return ", ".join(f"{name} {each}" for name, each in versions.items())
