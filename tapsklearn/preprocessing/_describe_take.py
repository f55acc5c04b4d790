"""What is to be said of a take, in the words of every command."""

import numpy as np

from tapsklearn.preprocessing._find_tap import find_tap
from tapsklearn.preprocessing._levels import Levels
from tapsklearn.preprocessing._samples import Samples
from tapsklearn.preprocessing._take_rules import (
    NO_BACKGROUND_SECONDS,
    OFFSET,
    OFFSET_OF_PEAK,
    OFFSET_STEPS,
    QUIET_PEAK,
    QUIET_STEPS,
    ROUNDING_STEPS,
)

# What rounding leaves of a constant.
_NOTHING = 1e-6


def describe_take(
    seen: Samples,
    levels: Levels,
    *,
    peak: float,
    offset: float,
    first: int = 0,
    last: int | None = None,
) -> dict[str, str]:
    """Describe what is remarkable of a take, and whether it can be used at all.

    Parameters
    ----------
    seen : Samples
        What was seen of its samples as they were.
    levels : Levels
        Without rumble and pops.
    peak : float
        Largest absolute value without rumble and pops.
    offset : float
        Mean of the samples.
    first, last : int
        The hops between the pops, as of `find_pops`; all by default.

    Returns
    -------
    dict of str to str
        The detail of each remark by its word; "no tap" among them if there is none.
    """
    n_hops = len(levels.power)
    last = n_hops if last is None else last
    remarks = {}
    if seen.first_full is not None:
        remarks["clipped"] = (
            f"{seen.n_full} samples at full scale, first at "
            f"{seen.first_full / seen.sr:.3f} s"
        )
    if peak <= max(ROUNDING_STEPS * seen.step, _NOTHING * seen.loudest):
        what = "rounding" if peak > _NOTHING * seen.loudest else "an offset or rumble"
        remarks["no tap"] = f"holds no tap: nothing but {what}"
    else:
        if peak < max(QUIET_STEPS * seen.step, QUIET_PEAK):
            remarks["quiet"] = f"its peak is {20 * np.log10(peak):.1f} dBFS"
        finding = find_tap(levels, first, last)
        if finding.problem:
            remarks["no tap"] = finding.problem
        if len(finding.taps) > 1:
            times = ", ".join(f"{tap:.2f}" for tap in finding.taps)
            remarks["two taps"] = f"{len(finding.taps)} taps, at {times} s"
        if finding.is_cut:
            remarks["cut"] = "begins in the middle of its tap"
    least_offset = min(max(OFFSET, OFFSET * peak), OFFSET_OF_PEAK * peak)
    # The mean of a shorter one is its tap's.
    has_background = levels.seconds >= NO_BACKGROUND_SECONDS
    if has_background and abs(offset) > max(least_offset, OFFSET_STEPS * seen.step):
        remarks["offset"] = f"a constant {offset:.3g} of full scale, left out"
    if seen.coding:
        remarks["lossy"] = f"{seen.coding} is not the sound as it was"
    ends = []
    if first > 0:
        ends.append(f"the first {1000 * first * levels.hop_seconds:.0f} ms")
    if last < n_hops:
        left = levels.seconds - last * levels.hop_seconds
        ends.append(f"the last {1000 * left:.0f} ms")
    if ends:
        remarks["pop"] = f"in {' and '.join(ends)}, left out"
    return remarks
