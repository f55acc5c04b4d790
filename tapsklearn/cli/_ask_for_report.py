"""The options of a report, and writing one at the end of a command."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from tapsklearn._table_text import on_one_line

_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmg]?b?)", re.IGNORECASE)


class Language(StrEnum):
    """What a report is written in."""

    en = "en"
    ja = "ja"


Report = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.html",
        help="Write a page to look at and to listen to: one file, with a verdict on "
        "all takes of each folder.",
    ),
]

ReportLanguage = Annotated[
    Language, typer.Option(help="Language of the report: English or Japanese.")
]

MaxSize = Annotated[
    str,
    typer.Option(
        metavar="SIZE",
        help="Largest size of the report; sounds that do not fit are left out.",
    ),
]


class AskedReport:
    """A report that is to be written once all is scored.

    Parameters
    ----------
    path : Path
        The file.
    language : str
        Of the page.
    max_size : int
        Of the file, in bytes.

    Attributes
    ----------
    rows : list of dict
        What is scored so far, as `score_files` yields it.
    """

    def __init__(self, path: Path, *, language: str, max_size: int) -> None:
        self.path = path
        self.language = language
        self.max_size = max_size
        self.rows: list[dict[str, Any]] = []

    def check_model(self, path: Path, model: Any) -> None:
        """Check that a report can be written of what a model scores.

        Parameters
        ----------
        path : Path
            The model file.
        model : Pipeline
            The model.

        Raises
        ------
        ValueError
            If it cannot.
        """
        from tapsklearn.inspection import check_can_report

        try:
            check_can_report(model)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error

    def write(self, model: Any, path: Path, *, shift: Any) -> None:
        """Write the report.

        Parameters
        ----------
        model : Pipeline
            What scored the rows.
        path : Path
            The model file.
        shift : ScoreShift or None
            Whether scores have moved since calibration.
        """
        from tapsklearn.inspection import write_report

        if not self.rows:
            return
        write_report(
            self.path,
            model,
            self.rows,
            language=self.language,
            max_size=self.max_size,
            model_file=path,
            shift=shift,
            verbose=1,
        )
        where = on_one_line(str(self.path))
        typer.echo(f"tapsklearn: the report is {where}", err=True)


def ask_for_report(
    path: Path | None, *, language: Language, max_size: str
) -> AskedReport | None:
    """Check what was asked for, before anything else is done.

    Parameters
    ----------
    path : Path or None
        The file.
    language : Language
        Of the page.
    max_size : str
        Of the file, such as "30MB".

    Returns
    -------
    AskedReport or None
        None if no report was asked for.

    Raises
    ------
    ValueError
        If it cannot be written.
    OSError
        If its folder is missing.
    """
    if path is None:
        return None
    from tapsklearn.inspection import check_report

    n_bytes = _read_size(max_size)
    try:
        check_report(path, language=language.value, max_size=n_bytes)
    except ImportError as error:
        raise ValueError(f"--report: {error}") from error
    return AskedReport(path, language=language.value, max_size=n_bytes)


def _read_size(text: str) -> int:
    found = _SIZE.fullmatch(text.strip())
    if not found:
        raise ValueError(f"--max-size {text!r} must be a size such as 30MB or 800kB")
    unit = found[2].lower()
    return round(float(found[1]) * _UNITS[unit if unit.endswith("b") else unit + "b"])
