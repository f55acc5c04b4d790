"""Write the model files of a release, which later versions have to load.

    python tests/data/write_models.py

writes ``tapsklearn-VERSION-METHOD.taps`` and the scores it gives (``.npz``) beside this
script. Files of earlier releases stay as they are.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from tapsklearn import __version__
from tapsklearn.persistence import save
from tapsklearn.preprocessing import article_features

DATA = Path(__file__).parent
sys.path.append(str(DATA.parent))

from methods import METHODS, NORMAL, make_crops  # noqa: E402


def main() -> None:
    torch.set_num_threads(1)
    crops, boards = make_crops()
    for name in ("ae", "spectrum"):
        detector = clone(METHODS[name]).set_params(normal_boards=NORMAL)
        features = article_features(n_freqs=crops.shape[1], n_frames=crops.shape[2])
        model = make_pipeline(features, detector.fit(crops, boards))
        path = DATA / f"tapsklearn-{__version__}-{name}.taps"
        save(model, path)
        some = crops[::10]
        scores = detector.score_samples(some)
        np.savez(path.with_suffix(".npz"), crops=some, scores=scores)


# A test run imports every module.
if __name__ == "__main__":
    main()
