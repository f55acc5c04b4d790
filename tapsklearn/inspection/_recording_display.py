"""A long recording, with the taps that were found in it."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike

from tapsklearn.inspection._labels import find_fonts
from tapsklearn.inspection._matplotlib import add_legend, check_matplotlib

# So much of a recording has a row, or a tenth of all of it.
_ROW_SECONDS = 60.0
_MOST_ROWS = 10
_LEAST_DB, _MARK_DB, _MOST_DB = -70.0, 6.0, 14.0


class _Style(NamedTuple):
    color: str
    marker: str


# Okabe and Ito's colours, which look different to everybody, and a sign of its own for
# each outcome.
_TAKEN = _Style("#0072B2", "o")
_STYLES = {
    "clipped": _Style("#D55E00", "^"),
    "quiet": _Style("#CC79A7", "v"),
    "two taps": _Style("#E69F00", "X"),
    "gap": _Style("#000000", "s"),
    "cut": _Style("#009E73", "D"),
    "no tap": _Style("#56B4E9", "*"),
}
_OTHER = _Style("#000000", "P")


class RecordingDisplay:
    """Level of a long recording over time, with its taps marked.

    Make one with `from_split`. Taps that became takes, and those that were left out for
    each reason, have signs and colours of their own. A recording of more than a minute
    goes on from row to row.

    Parameters
    ----------
    peaks : array-like of shape (n_moments,)
        The loudest sample of each moment, full scale being 1.
    peak_seconds : float
        Length of a moment, in seconds.
    onsets : array-like of shape (n_taps,)
        When each tap begins, in seconds.
    reasons : sequence of str
        Why each was left out; "" for those that were not.
    title : str, default=""
        What the recording is called.

    Attributes
    ----------
    axes_ : ndarray of Axes
        The rows.
    figure_ : Figure
        What holds them.
    marks_ : dict of str to int
        How many taps are marked, by reason; "" for takes.
    legend_ : Legend
        What the signs mean.

    See Also
    --------
    tapsklearn.recording.split_takes : Finds the taps.

    Examples
    --------
    >>> peaks = np.full(500, 0.001)
    >>> peaks[[100, 300]] = 0.5, 1.0
    >>> display = RecordingDisplay(peaks, 0.01, [1.0, 3.0], ["", "clipped"]).plot()
    >>> display.marks_
    {'': 1, 'clipped': 1}
    """

    def __init__(
        self,
        peaks: ArrayLike,
        peak_seconds: float,
        onsets: ArrayLike,
        reasons: Sequence[str],
        *,
        title: str = "",
    ) -> None:
        self.peaks = peaks
        self.peak_seconds = peak_seconds
        self.onsets = onsets
        self.reasons = reasons
        self.title = title

    @classmethod
    def from_split(cls, split: Any) -> Self:
        """Plot a recording that was split.

        Parameters
        ----------
        split : SplitRecording
            One of those that `split_takes` returned.

        Returns
        -------
        RecordingDisplay
            The display.
        """
        check_matplotlib(f"{cls.__name__}.from_split")
        return cls(
            split.peaks,
            split.peak_seconds,
            [tap.seconds for tap in split.taps],
            [", ".join(tap.flags) for tap in split.taps],
            title=split.path.name,
        ).plot()

    def plot(self) -> Self:
        """Plot it in a new figure.

        Returns
        -------
        RecordingDisplay
            Itself.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        import matplotlib.pyplot as plt

        peaks = np.maximum(np.asarray(self.peaks, dtype=float), 1e-6)
        levels = 20 * np.log10(peaks).clip(_LEAST_DB / 20)
        onsets = np.asarray(self.onsets, dtype=float)
        seconds = max(len(levels) * self.peak_seconds, self.peak_seconds)
        n_rows = int(np.clip(np.ceil(seconds / _ROW_SECONDS), 1, _MOST_ROWS))
        row_seconds = seconds / n_rows
        self.figure_, axes = plt.subplots(
            n_rows,
            1,
            figsize=(13, 1.2 + 1.25 * n_rows),
            layout="constrained",
            sharey=True,
            squeeze=False,
        )
        self.axes_ = axes[:, 0]
        times = self.peak_seconds * np.arange(len(levels))
        reasons = list(dict.fromkeys(["", *self.reasons]))
        self.marks_ = {}
        handles, labels = [], []
        for row, ax in enumerate(self.axes_):
            first, last = row * row_seconds, (row + 1) * row_seconds
            there = (times >= first - self.peak_seconds) & (times <= last)
            ax.fill_between(
                times[there],
                levels[there],
                _LEAST_DB,
                color="0.6",
                linewidth=0.3,
                step="post",
            )
            ax.set_xlim(first, last)
            ax.set_ylim(_LEAST_DB, _MOST_DB)
            ax.set_yticks([-60, -40, -20, 0])
            ax.xaxis.set_major_formatter(lambda value, _: _as_clock(value))
            ax.grid(axis="y", alpha=0.3)
        for reason in reasons:
            places = onsets[[each == reason for each in self.reasons]]
            self.marks_[reason] = len(places)
            if not len(places):
                continue
            first_word = reason.split(",")[0]
            style = _STYLES.get(first_word, _OTHER) if reason else _TAKEN
            for row, ax in enumerate(self.axes_):
                lines = ax.plot(
                    places,
                    np.full(len(places), _MARK_DB),
                    linestyle="",
                    marker=style.marker,
                    color=style.color,
                    markersize=5,
                    markerfacecolor="none" if reason else style.color,
                )
                ax.vlines(places, _LEAST_DB, 0, color=style.color, linewidth=0.6)
                if not row:
                    handles += lines
            what = f"left out, {reason}" if reason else "take"
            labels.append(f"{what} ({len(places)})")
        self.axes_[-1].set_xlabel("time, min:s")
        self.figure_.supylabel("peak, dB of full scale", fontsize="medium")
        if self.title:
            self.figure_.suptitle(
                self.title, family=find_fonts([self.title]), fontsize="medium"
            )
        self.legend_ = add_legend(self.axes_[0], handles, labels)
        return self


def _as_clock(seconds: float) -> str:
    minutes, left = divmod(seconds, 60)
    return (
        f"{int(minutes)}:{left:04.1f}" if left % 1 else f"{int(minutes)}:{left:02.0f}"
    )
