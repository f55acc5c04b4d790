"""A model in onnxruntime scores as the estimator does."""

import numpy as np
import pytest
import soundfile
from methods import METHODS, NORMAL, fit_once, make_crops
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from taps import make_tap

from tapsklearn import (
    CropDetector,
    JoinedDetector,
    LogSpectrogram,
    MahalanobisDistance,
    NeighborDistance,
    SpectrumDetector,
    Standardizer,
    TapCrop,
    WavLoader,
)
from tapsklearn.persistence import export_onnx
from tapsklearn.preprocessing import article_features

onnxruntime = pytest.importorskip("onnxruntime")


def run(path, **given):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        path, options, providers=["CPUExecutionProvider"]
    )
    assert [output.name for output in session.get_outputs()] == ["score"]
    (scores,) = session.run(None, given)
    return scores, session.get_modelmeta().custom_metadata_map


def assert_agree(scores, expected):
    assert scores.shape == expected.shape
    scale = np.maximum(1, np.abs(expected))
    assert (np.abs(scores - expected) / scale).max() <= 1e-4


# An export takes seconds; the other settings of a network differ in numbers only.
QUICK = {
    *("ae", "vae", "cnn", "resnet18"),
    *("spectrum", "crop", "randomconv", "encoder", "joined"),
}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow)
        for name in METHODS
    ],
)
def test_every_method_agrees(name, crops, tmp_path):
    model = fit_once(name)
    export_onnx(model, tmp_path / "model.onnx")
    for some in (crops[0], crops[0][:1]):
        scores, metadata = run(tmp_path / "model.onnx", crops=some)
        assert_agree(scores, model.score_samples(some))
    assert float(metadata["offset"]) == model.offset_


def test_known_defects_agree(crops, tmp_path):
    model = JoinedDetector(contrast=True, normal_boards=NORMAL, random_state=0)
    takes, boards = make_crops(6, seed=1)
    takes[~np.isin(boards, NORMAL), 0] += 4
    model.fit(takes, boards)
    parts = [part for _, parts in model.normality_.groups_ for _, part, _ in parts]
    assert max(part.weight_ for part in parts) > 0
    export_onnx(model, tmp_path / "model.onnx")
    scores, _ = run(tmp_path / "model.onnx", crops=crops[0])
    assert_agree(scores, model.score_samples(crops[0]))


@pytest.mark.parametrize("shape", [(2, 12, 16), (24,)])
def test_views_and_plain_features(shape, tmp_path):
    rng = np.random.default_rng(0)
    takes = rng.normal(size=(40, *shape)).astype(np.float32)
    model = SpectrumDetector().fit(takes)
    export_onnx(model, tmp_path / "model.onnx")
    scores, _ = run(tmp_path / "model.onnx", crops=takes)
    assert_agree(scores, model.score_samples(takes))


@pytest.fixture(scope="module")
def taps(tmp_path_factory):
    folder = tmp_path_factory.mktemp("taps")
    rng = np.random.default_rng(0)
    paths = []
    for number in range(12):
        # Some onsets so near the start or the end that the crop reaches out.
        onset = [0.02, 0.3, 0.5, 0.85][number % 4]
        noise = [-50.0, -70.0][number % 2]
        tap = make_tap(rng, seconds=1.0, onset=onset, noise_db=noise)
        paths.append(str(folder / f"{number}.wav"))
        soundfile.write(paths[-1], tap, 44100, subtype="FLOAT")
    return paths, WavLoader(duration=1.0).transform(paths)


@pytest.mark.parametrize("per", ["take", "frequency"])
@pytest.mark.parametrize("fused", [True, False])
def test_from_the_waveform_on(per, fused, taps, tmp_path):
    paths, waveforms = taps
    steps = (
        [article_features(duration=1.0, shifts=(0, 6), per=per)]
        if fused
        else [
            WavLoader(duration=1.0),
            LogSpectrogram(),
            TapCrop(shifts=(0, 6)),
            Standardizer(per=per),
        ]
    )
    detector = CropDetector(normality=NeighborDistance(n_neighbors=2))
    model = make_pipeline(*steps, detector).fit(paths)
    export_onnx(model, tmp_path / "model.onnx")
    scores, metadata = run(tmp_path / "model.onnx", waveforms=waveforms)
    assert_agree(scores, model.score_samples(paths))
    assert metadata["sr"] == "44100"


def test_other_normalities(crops, tmp_path):
    scaled = make_pipeline(StandardScaler(), MahalanobisDistance())
    model = SpectrumDetector(normality=scaled).fit(crops[0])
    export_onnx(model, tmp_path / "model.onnx")
    scores, _ = run(tmp_path / "model.onnx", crops=crops[0])
    assert_agree(scores, model.score_samples(crops[0]))


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (
            CropDetector(normality=LocalOutlierFactor(novelty=True, algorithm="brute")),
            "normality=LocalOutlierFactor",
        ),
        (make_pipeline(StandardScaler(), CropDetector()), r"model\[-1\]"),
        (StandardScaler(), "no detector"),
    ],
)
def test_the_error_gives_the_reason_why_a_model_cannot_be_exported(
    model, reason, crops, tmp_path
):
    model.fit(crops[0][:, 0])
    with pytest.raises(ValueError, match=reason):
        export_onnx(model, tmp_path / "model.onnx")
    assert not any(tmp_path.iterdir())


def test_mel_bands_are_left_to_the_crop(taps, tmp_path):
    features = article_features(duration=1.0, n_mels=40, n_freqs=40)
    model = make_pipeline(features, CropDetector()).fit(taps[0])
    with pytest.raises(ValueError, match="mel"):
        export_onnx(model, tmp_path / "model.onnx")
