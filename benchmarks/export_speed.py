"""How soon a tap is scored by onnxruntime and by the estimator.

The same model on one thread: as `export_onnx` wrote it, run by onnxruntime; and the
estimator itself. From the waveform (for the estimator: from the WAV file) and from the
crop. Beside them the network alone in torch, up to its features.

    python benchmarks/export_speed.py

writes ``benchmarks/results/export_speed.md``.
"""

import argparse
import tempfile
import warnings
from pathlib import Path
from statistics import median

import numpy as np
import onnxruntime
import torch
from measuring import (
    copy_network,
    describe_run,
    find_precision,
    format_table,
    parse_arguments,
    side_by_side,
    train_briefly,
    write_page,
)
from threadpoolctl import threadpool_limits

from tapsklearn.datasets import load_takes
from tapsklearn.networks import extract_features
from tapsklearn.persistence import export_onnx
from tapsklearn.preprocessing import read_take
from tapsklearn.synthesis import make_tap_boards

METHODS = ("ae", "cnn-shallow", "cnn-resnet18", "crop-knn")
COLUMNS = (
    *("method", "waveform, onnxruntime", "file, estimator", "crop, onnxruntime"),
    *("crop, estimator", "crop, network in torch", "largest difference"),
)


def start_session(model, path):
    export_onnx(model, path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    providers = ["CPUExecutionProvider"]
    return onnxruntime.InferenceSession(path, options, providers=providers)


def measure(name, takes, folder, rounds):
    """Return the row of one method."""
    model = train_briefly(name, takes)
    features, detector = model
    crops = features.transform(takes.paths)
    waveforms = np.stack([read_take(path) for path in takes.paths]).astype(np.float32)
    of_crops = start_session(detector, folder / "crops.onnx")
    of_waveforms = start_session(model, folder / "waveforms.onnx")
    ways = [
        lambda: of_waveforms.run(None, {"waveforms": waveforms[:1]}),
        lambda: model.score_samples(takes.paths[:1]),
        lambda: of_crops.run(None, {"crops": crops[:1]}),
        lambda: detector.score_samples(crops[:1]),
    ]
    if hasattr(detector, "net_"):
        network, image = copy_network(detector), torch.from_numpy(crops[:1, None])

        def run_torch():
            with torch.inference_mode():
                extract_features(network, image, detector.score_space)

        ways.append(run_torch)
    cells = [f"{1e3 * median(of_way):.2f}" for of_way in side_by_side(ways, rounds)]
    if len(ways) == 4:
        cells.append("")
    expected = model.score_samples(takes.paths)
    found = of_waveforms.run(None, {"waveforms": waveforms})[0]
    difference = np.abs(found - expected) / np.maximum(1, np.abs(expected))
    row = [name, *cells, f"{difference.max():.1e}"]
    return row, find_precision(detector)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    arguments = parse_arguments(
        parser, quick={"rounds": 3, "methods": ["ae", "crop-knn"]}
    )
    rounds = arguments.rounds
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # few takes to calibrate with: not the question
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(limits=1):
        folder = Path(folder)
        make_tap_boards(folder / "boards", n_takes=1, random_state=0)
        takes = load_takes(folder / "boards")
        found = [measure(name, takes, folder, rounds) for name in arguments.methods]
    write_page(
        arguments.results / "export_speed.md",
        "From tap to score without Python",
        describe_run(
            __file__,
            *("onnx", "onnxruntime"),
            precision=found[0][1],
            seeds=1,
            rounds=rounds,
        ),
        [
            "One thread; median of the rounds, in turn, in ms. The last column is the "
            "largest difference between the scores of onnxruntime and of the "
            f"estimator, from the waveform on, over {len(takes.paths)} takes, relative "
            "to the score where it is above 1.",
            "",
            *format_table(COLUMNS, [row for row, _ in found]),
        ],
    )


if __name__ == "__main__":
    main()
