"""From frames and rows of a spectrogram to seconds and kilohertz."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Scale(NamedTuple):
    """What a frame and a row of a spectrogram stand for."""

    sr: float
    hop_length: int
    n_fft: int

    def seconds(self, frame: float) -> float:
        """Give the time of a frame's centre, in seconds."""
        return frame * self.hop_length / self.sr

    def kilohertz(self, row: float) -> float:
        """Give the frequency of a row, in kHz."""
        return row * self.sr / self.n_fft / 1000

    def extent(
        self, n_rows: int, n_frames: int, first_frame: int = 0
    ) -> tuple[float, float, float, float]:
        """Give the edges of an image in which each pixel lies around its centre."""
        return (
            self.seconds(first_frame - 0.5),
            self.seconds(first_frame + n_frames - 0.5),
            self.kilohertz(-0.5),
            self.kilohertz(n_rows - 0.5),
        )


def check_scale(sr: float, hop_length: int, n_fft: int) -> Scale:
    """Check what a spectrogram was made with."""
    for name, value in (("sr", sr), ("hop_length", hop_length), ("n_fft", n_fft)):
        if not value > 0:
            raise ValueError(f"{name}={value!r} must be above 0")
    return Scale(sr, hop_length, n_fft)


def name_axes(ax: "Axes", *, from_onset: bool) -> None:
    """Write units at the axes of a spectrogram."""
    ax.set_xlabel("time from the onset (s)" if from_onset else "time (s)")
    ax.set_ylabel("frequency (kHz)")
