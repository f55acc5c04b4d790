"""The settings of features that fit what was measured of the taps."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tapsklearn.preprocessing._measure_tap import TapMeasure
from tapsklearn.preprocessing._tap_crop import check_crop

# Rows and frames: the least and the most of them, and their step.
ROWS = (32, 200)
FRAMES = (32, 240)
STEP = 8
# Takes, and parts of their spectra, from which it can be seen whether they rise and
# fall together.
LEAST_TAKES = 8
LEAST_PARTS = 4
# Parts that stand out of the background in fewer takes do not count.
ABOVE_SHARE = 0.9


@dataclass(frozen=True)
class FeatureRule:
    """The constants of the rule from taps to settings.

    Attributes
    ----------
    share : float
        Of the takes that ring no longer, and reach no higher, than what is chosen for.
    span : float
        Time covered after the onset, in rings.
    reach : float
        Frequency covered, in bands.
    transform : float
        Length of a transform, in rings: the power of two that is nearest.
    frames : int
        Most frames that are to cover the span.
    pre_frames : int
        Frames before the onset. What is there is the room, and not the tap.
    gain : float
        What the strength of strikes varies by where the level of a take counts, at
        most, in dB.
    """

    share: float = 0.9
    span: float = 1.3
    reach: float = 1.15
    transform: float = 0.1
    frames: int = 128
    pre_frames: int = 2
    gain: float = 1.5


RULE = FeatureRule()


def choose_settings(
    measures: Sequence[TapMeasure],
    *,
    given: Mapping[str, Any] | None = None,
    rule: FeatureRule = RULE,
) -> dict[str, Any]:
    """Choose the settings of features from what was measured of normal taps.

    Parameters
    ----------
    measures : sequence of TapMeasure
        Of one take or more.
    given : mapping, default=None
        Settings that are fixed: any of ``sr``, ``duration``, ``n_fft``,
        ``hop_length``, ``n_mels``, ``n_freqs``, ``n_frames``, ``pre_frames``,
        ``shifts`` and ``per``. The others follow them.
    rule : FeatureRule, default=FeatureRule()
        The constants.

    Returns
    -------
    dict
        ``sr``, ``duration``, ``n_fft``, ``hop_length``, ``n_freqs``, ``n_frames``,
        ``pre_frames`` and ``per``, as parameters of `TapFeatures`; ``ring`` in seconds
        and ``band`` in Hz.

    Raises
    ------
    ValueError
        If there are no measures, or no crop can have what is given.

    Examples
    --------
    >>> tap = TapMeasure(44100, 0.09, True, 7000.0, True, 0.5, 2.5, 0.001)
    >>> settings = choose_settings([tap])
    >>> [settings[name] for name in ("n_fft", "hop_length", "n_freqs", "n_frames")]
    [512, 64, 96, 88]
    >>> choose_settings([tap], given={"n_fft": 256})["n_freqs"]
    48
    """
    if not measures:
        raise ValueError("there is no tap to choose settings from")
    given = dict(given or {})
    sr = given.get("sr") or _find_rate(measures)
    ring = _quantile([each.ring for each in measures], rule.share)
    band = min(_quantile([each.band for each in measures], rule.share), sr / 2)
    reach = _find_reach(measures, band, sr, rule)
    span = _find_span(measures, ring, sr, given, rule)

    n_fft = given.get("n_fft") or _choose_n_fft(
        sr, ring * sr, span * sr, band / sr, reach / sr, given, rule
    )
    n_rows = given.get("n_mels") or n_fft // 2 + 1
    n_freqs = given.get("n_freqs")
    if n_freqs is None:
        # With mel bands, all of them: they are few.
        is_mel = given.get("n_mels") is not None
        n_freqs = n_rows if is_mel else min(_in_steps(reach / sr * n_fft, ROWS), n_rows)
    hop_length = given.get("hop_length") or _power_of_two_from(
        span * sr / given.get("n_frames", rule.frames)
    )
    pre_frames = given.get("pre_frames")
    if pre_frames is None:
        pre_frames = _choose_pre_frames(measures, hop_length / sr, given, rule)
    n_frames = given.get("n_frames") or _in_steps(
        pre_frames + span * sr / hop_length, FRAMES
    )
    shifts = given.get("shifts", (0,))
    check_crop(
        n_rows, n_freqs=n_freqs, n_frames=n_frames, pre_frames=pre_frames, shifts=shifts
    )
    duration = given.get("duration")
    if duration is None:
        hop = hop_length / sr
        duration = _choose_duration(
            measures,
            before=(pre_frames - min(0, *shifts)) * hop + n_fft / 2 / sr,
            after=(n_frames - pre_frames + max(0, *shifts)) * hop + n_fft / 2 / sr,
            least=n_fft / sr,
            rule=rule,
        )
    elif n_fft > round(duration * sr):
        raise ValueError(
            f"n_fft={n_fft} samples are longer than duration={duration} s at sr={sr}; "
            "lower n_fft or raise duration"
        )
    return {
        "sr": sr,
        "duration": duration,
        "n_fft": n_fft,
        "hop_length": hop_length,
        "n_freqs": n_freqs,
        "n_frames": n_frames,
        "pre_frames": pre_frames,
        "per": given.get("per") or _choose_per(measures, band, sr, rule),
        "ring": ring,
        "band": band,
    }


def find_common_gain(
    measures: Sequence[TapMeasure], *, sr: int, band: float
) -> float | None:
    """Estimate by how much the strength of strikes varies from take to take.

    A harder strike raises all of a spectrum, and another object each part of it
    differently. So the covariance of two parts, over takes, is that of what they have
    in common: the variance of the strike.

    Parameters
    ----------
    measures : sequence of TapMeasure
        Of normal takes.
    sr : int
        Only takes of this rate count, in Hz.
    band : float
        Only what lies below counts, in Hz.

    Returns
    -------
    float or None
        Standard deviation, in dB. If None, the takes or the parts of their spectra that
        stand out of the background are too few.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> levels = rng.normal(scale=5.0, size=(200, 64))
    >>> def measure(levels):
    ...     common = (44100, 0.09, True, 7000.0, True, 0.5, 2.5, 0.001)
    ...     return [TapMeasure(*common, tuple(each), (True,) * 64) for each in levels]
    >>> round(find_common_gain(measure(levels), sr=44100, band=7000.0), 1)
    0.3
    >>> levels += rng.normal(scale=3.0, size=(200, 1))
    >>> round(find_common_gain(measure(levels), sr=44100, band=7000.0), 1)
    3.3
    """
    of_rate = [each for each in measures if each.sr == sr and each.levels]
    if len(of_rate) < LEAST_TAKES:
        return None
    levels = np.array([each.levels for each in of_rate])
    stands_out = np.array([each.stands_out for each in of_rate]).mean(axis=0)
    is_below = np.arange(levels.shape[1]) * sr / 2 / levels.shape[1] < band
    levels = levels[:, is_below & (stands_out >= ABOVE_SHARE)]
    n_parts = levels.shape[1]
    if n_parts < LEAST_PARTS:
        return None
    covariance = np.cov(levels, rowvar=False)
    place = np.arange(n_parts)
    # One mode can lie in two parts that are side by side.
    is_apart = np.abs(place[:, None] - place) > 1
    return float(np.sqrt(max(0.0, covariance[is_apart].mean())))


def _find_rate(measures: Sequence[TapMeasure]) -> int:
    """Find the rate of most takes; of two that are as common, the higher."""
    counts = Counter(each.sr for each in measures)
    return max(counts, key=lambda sr: (counts[sr], sr))


def _find_reach(
    measures: Sequence[TapMeasure], band: float, sr: int, rule: FeatureRule
) -> float:
    """Find how far up rows are to reach, in Hz.

    Above half of the rate of many takes they would show the rate.
    """
    highest = _quantile([each.sr / 2 for each in measures], 1 - rule.share)
    return min(rule.reach * band, highest, sr / 2)


def _find_span(
    measures: Sequence[TapMeasure],
    ring: float,
    sr: int,
    given: Mapping[str, Any],
    rule: FeatureRule,
) -> float:
    """Find how long after the onset frames are to go on, in seconds.

    Beyond the end of many takes they would show how long these are.
    """
    recorded = _quantile([each.after for each in measures], 1 - rule.share)
    longest = given.get("duration") or recorded
    return max(min(rule.span * ring, recorded, longest), 1 / sr)


def _choose_n_fft(
    sr: int,
    ring: float,
    span: float,
    band: float,
    reach: float,
    given: Mapping[str, Any],
    rule: FeatureRule,
) -> int:
    """Choose the length of a transform; times in samples, frequencies by the rate."""
    n_freqs = given.get("n_freqs")
    if n_freqs is not None and given.get("n_mels") is None:
        # Those rows are to reach as high.
        return max(_nearest_power(n_freqs / reach), _power_of_two_from(2 * n_freqs - 2))
    longest = given["duration"] * sr if given.get("duration") else np.inf
    n_fft = max(64, _nearest_power(rule.transform * ring))
    while n_fft > 64 and (n_fft * band > ROWS[1] or n_fft > longest):
        n_fft //= 2
    # A few rows more, where time allows for them.
    while n_fft * reach < ROWS[0] and 2 * n_fft <= min(span / 4, longest):
        n_fft *= 2
    return n_fft


def _choose_pre_frames(
    measures: Sequence[TapMeasure],
    hop_seconds: float,
    given: Mapping[str, Any],
    rule: FeatureRule,
) -> int:
    """Choose how many frames lie before the onset: none where nothing was recorded."""
    before = _quantile([each.before for each in measures], 1 - rule.share)
    if before < rule.pre_frames * hop_seconds:
        return 0
    return min(rule.pre_frames, given.get("n_frames", FRAMES[0]) - 1)


def _choose_duration(
    measures: Sequence[TapMeasure],
    *,
    before: float,
    after: float,
    least: float,
    rule: FeatureRule,
) -> float:
    """Choose the length of a clip: so much before and after the onset, in seconds.

    No more than most takes have, as the rest would be made up.
    """
    attack = _quantile([each.attack for each in measures], rule.share)
    # The loudest moment, which comes after the attack, is a third of a clip after its
    # beginning.
    longest = max(3 * (attack + before), 1.5 * after)
    recorded = _quantile([each.before + each.after for each in measures], rule.share)
    return _round_up(max(min(longest, recorded), least))


def _choose_per(
    measures: Sequence[TapMeasure], band: float, sr: int, rule: FeatureRule
) -> str:
    """Choose what is standardized: each take, or each row, which keeps the level."""
    gain = find_common_gain(measures, sr=sr, band=band)
    return "take" if gain is None or gain > rule.gain else "frequency"


def _round_up(seconds: float) -> float:
    """Round up to two digits, so that it reads well."""
    unit = 10.0 ** (np.floor(np.log10(seconds)) - 1)
    return float(f"{np.ceil(seconds / unit - 1e-6) * unit:.2g}")


def _quantile(values: Sequence[float], share: float) -> float:
    return float(np.quantile(values, share))


def _nearest_power(number: float) -> int:
    return 2 ** max(0, round(float(np.log2(max(number, 1.0)))))


def _power_of_two_from(number: float) -> int:
    """Return the least power of two that is no less."""
    return 2 ** max(0, int(np.ceil(np.log2(max(number, 1.0)))))


def _in_steps(number: float, bounds: tuple[int, int]) -> int:
    """Round up to the step, within the bounds."""
    return int(np.clip(np.ceil(number / STEP) * STEP, *bounds))
