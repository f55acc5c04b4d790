"""How often moved scores are warned of though nothing has changed.

`find_shift` promises a rate of false warnings. Here specimens are sampled from one pool
of synthesized boards, again and again: some calibrate a detector, others are scored by
it, recorded in just the same way, with cracked ones beside them and without.

    python benchmarks/false_warnings.py

writes ``false_warnings.md``. What is finished is kept in ``false_warnings.csv``.
"""

import argparse
import warnings
from typing import Any

import numpy as np
from measuring import (
    describe_run,
    find_origin,
    format_table,
    keep_rows,
    parse_arguments,
    read_rows,
    write_page,
)
from scipy.stats import binomtest
from sklearn.base import clone

from tapsklearn import TapFeatures
from tapsklearn.detectors import reference_methods
from tapsklearn.scoring import find_shift
from tapsklearn.synthesis import synthesize_taps

KEY = ["scenario", "seed", "method"]
WAYS = (
    "normal boards known",
    "nothing known, all normal",
    "nothing known, half cracked",
)
RATES = (0.01, 0.05, 0.1)
COLUMNS = (*KEY, "way", "samples", *(f"at {rate}" for rate in RATES))
METHODS = ("spectrum-mahalanobis", "crop-knn", "encoder-knn", "joined")
SCENARIOS = ("same_shop", "wide")
N_TAKES = 2


def make_pool(scenario: str, n_specimens: int, seed: int) -> tuple[Any, np.ndarray]:
    """Return synthesized takes of normal and as many cracked specimens, and crops."""
    taps = synthesize_taps(
        scenario=scenario,
        n_boards=2 * n_specimens,
        n_takes=N_TAKES,
        random_state=seed,
        n_jobs=1,
    )
    features = TapFeatures(input="waveform", input_sr=44100)
    features.fit(taps.X[taps.condition == "normal"])
    return taps, features.transform(taps.X)


def run_cell(
    taps: Any, crops: np.ndarray, method: str, arguments: argparse.Namespace, seed: int
) -> dict[str, list[float]]:
    """Return p-values of all samples for each way; 1 where scores are no rarer."""
    specimen = np.array([taps.specimens[board] for board in taps.board])
    normal, cracked = (
        np.unique(specimen[taps.condition == each]) for each in ("normal", "abnormal")
    )
    rng = np.random.default_rng(seed)
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(arguments.samples):
        order = rng.permutation(normal)
        train = np.isin(specimen, order[: arguments.calibrating])
        new = np.isin(specimen, order[arguments.calibrating :][: arguments.scored])
        bad = np.isin(specimen, rng.permutation(cracked)[: arguments.scored])
        detector = clone(reference_methods()[method]).set_params(
            specimens=taps.specimens, random_state=seed
        )
        with warnings.catch_warnings():
            # Too few takes for the rate of false alarms.
            warnings.simplefilter("ignore")
            detector.fit(crops[train], taps.board[train])
        scores = np.full(len(crops), np.nan)
        scores[new | bad] = detector.score_samples(crops[new | bad])
        for way, chosen, known in zip(
            WAYS, (new, new, new | bad), (True, False, False), strict=True
        ):
            shift = find_shift(
                detector,
                scores[chosen],
                taps.board[chosen],
                normal_boards=sorted(set(taps.board[chosen])) if known else None,
                specimens={b: taps.specimens[b] for b in set(taps.board[chosen])},
            )
            found[way].append(shift.p_value)
    return found


def write_rates(rows: Any, arguments: argparse.Namespace) -> None:
    """Write the page."""
    lines = [
        f"Each sample calibrates with {arguments.calibrating} normal specimens and "
        f"scores {arguments.scored} others, and as many cracked ones where half are "
        f"cracked: two ends each, {N_TAKES} takes an end. Shares of the samples in "
        "which it warns, with 95 % intervals of a share (Clopper and Pearson); samples "
        "of one pool are not quite independent. Half of a rate is for lower scores "
        "and a twentieth for higher ones, and p-values go in steps, so that less than "
        "the rate is to be expected.",
    ]
    for scenario, of_scenario in rows.groupby("scenario", sort=False):
        lines += ["", f"## {scenario}", ""]
        cells = []
        for (method, way), some in of_scenario.groupby(["method", "way"], sort=False):
            n_samples = int(some["samples"].sum())
            shares = [
                _describe(int(some[f"at {rate}"].sum()), n_samples) for rate in RATES
            ]
            cells.append((method, way, n_samples, *shares))
        header = ("method", "what is known", "samples")
        lines += format_table(
            (*header, *(f"rate {100 * rate:g} %" for rate in RATES)), cells
        )
    write_page(
        arguments.results / "false_warnings.md",
        "How often it warns that scores have moved, though they have not",
        describe_run("false_warnings.py", rows=rows, seeds=int(rows["seed"].max()) + 1),
        lines,
    )


def _describe(n_warnings: int, samples: int) -> str:
    interval = binomtest(n_warnings, samples).proportion_ci()
    return (
        f"{100 * n_warnings / samples:.1f} % ({100 * interval.low:.1f} to "
        f"{100 * interval.high:.1f})"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--samples", type=int, default=100, help="of each seed")
    parser.add_argument("--calibrating", type=int, default=10, help="specimens")
    parser.add_argument("--scored", type=int, default=10, help="specimens")
    parser.add_argument("--pool", type=int, default=40, help="normal specimens")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--data", nargs="+", choices=SCENARIOS, default=list(SCENARIOS))
    arguments = parse_arguments(
        parser,
        quick={
            "seeds": 1,
            "samples": 5,
            "pool": 20,
            "methods": ["crop-knn"],
            "data": ["wide"],
        },
    )
    path = arguments.results / "false_warnings.csv"
    finished = set(read_rows(path, COLUMNS)[KEY].itertuples(index=False, name=None))
    for scenario in arguments.data:
        for seed in range(arguments.seeds):
            missing = [
                method
                for method in arguments.methods
                if (scenario, seed, method) not in finished
            ]
            if not missing:
                continue
            taps, crops = make_pool(scenario, arguments.pool, seed)
            for method in missing:
                found = run_cell(taps, crops, method, arguments, seed)
                key = {"scenario": scenario, "seed": seed, "method": method}
                rows = [
                    {
                        **key,
                        "way": way,
                        "samples": len(p_values),
                        **{
                            f"at {rate}": int(np.sum(np.array(p_values) <= rate))
                            for rate in RATES
                        },
                        **find_origin(precision="not trained"),
                    }
                    for way, p_values in found.items()
                ]
                keep_rows(path, rows, COLUMNS)
                print(*key.values(), flush=True)
    write_rates(read_rows(path, COLUMNS), arguments)


if __name__ == "__main__":
    main()
