"""How soon a tap is scored by onnxruntime, by torch and by the estimator.

The same model three times, on one thread: as `export_onnx` wrote it, run by
onnxruntime; the torch modules that were exported; and the estimator itself. From the
waveform (for torch and the estimator: from the WAV file) and from the crop.

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
from measuring import describe_machine, side_by_side, train_briefly, write_page
from threadpoolctl import threadpool_limits

from tapsklearn.datasets import load_takes
from tapsklearn.persistence import export_onnx
from tapsklearn.persistence._export_onnx import _make_scorer
from tapsklearn.preprocessing import read_take
from tapsklearn.synthesis import make_tap_boards

METHODS = ("ae", "cnn-shallow", "cnn-resnet18", "crop-knn")


def start_session(model, path):
    export_onnx(model, path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    providers = ["CPUExecutionProvider"]
    return onnxruntime.InferenceSession(path, options, providers=providers)


def measure(name, takes, folder, rounds):
    """Give milliseconds a tap of each way, and by how much the scores differ."""
    model = train_briefly(name, takes)
    features, detector = model
    crops = features.transform(takes.paths)
    waveforms = np.stack([read_take(path) for path in takes.paths]).astype(np.float32)
    of_crops = start_session(detector, folder / "crops.onnx")
    of_waveforms = start_session(model, folder / "waveforms.onnx")
    scorer = _make_scorer(detector)

    def run_torch():
        with torch.inference_mode():
            scorer(torch.from_numpy(crops[:1]))

    times = side_by_side(
        [
            lambda: of_waveforms.run(None, {"waveforms": waveforms[:1]}),
            lambda: model.score_samples(takes.paths[:1]),
            lambda: of_crops.run(None, {"crops": crops[:1]}),
            run_torch,
            lambda: detector.score_samples(crops[:1]),
        ],
        rounds,
    )
    expected = model.score_samples(takes.paths)
    found = of_waveforms.run(None, {"waveforms": waveforms})[0]
    difference = np.abs(found - expected) / np.maximum(1, np.abs(expected))
    return [1e3 * median(of_way) for of_way in times], difference.max()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=100)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # few takes to calibrate with: not the question
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(limits=1):
        folder = Path(folder)
        make_tap_boards(folder / "boards", n_takes=1, random_state=0)
        takes = load_takes(folder / "boards")
        found = {name: measure(name, takes, folder, rounds) for name in METHODS}
    write_page(
        "export_speed.md",
        [
            "# From tap to score without Python",
            "",
            "Written by `benchmarks/export_speed.py`: "
            f"{describe_machine('torch', 'onnx', 'onnxruntime')}; one thread; median "
            f"of {rounds} rounds, in turn, in ms. The last column is the largest "
            "difference between the scores of onnxruntime and of the estimator, from "
            f"the waveform on, over {len(takes.paths)} takes, relative to the score "
            "where it is above 1.",
            "",
            "| method | waveform, onnxruntime | file, estimator | crop, onnxruntime | "
            "crop, torch | crop, estimator | largest difference |",
            "|---" * 7 + "|",
            *(
                f"| {name} | {' | '.join(f'{value:.2f}' for value in times)} | "
                f"{difference:.1e} |"
                for name, (times, difference) in found.items()
            ),
        ],
    )


if __name__ == "__main__":
    main()
