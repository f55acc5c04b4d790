"""Files that someone made to do harm: refused, without running or eating anything."""

import importlib
import io
import json
import os
import pickle
import random
import struct
import time
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
import skops.io
import torch
from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline
from skorch import NeuralNet

from tapsklearn import CropDetector, VAEDetector
from tapsklearn.persistence import ModelFileError, load, read_about, save
from tapsklearn.persistence._trusted import list_our_classes
from tapsklearn.preprocessing import article_features

MIB = 2**20


class Canary:
    """Unpickled, it leaves a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (Path(self.path),)


@pytest.fixture
def canary(tmp_path):
    """Give a pickle that leaves a file; nothing that was tried has left it."""
    path = tmp_path / "canary"
    yield pickle.dumps(Canary(path))
    assert not path.exists()
    pickle.loads(pickle.dumps(Canary(path)))
    assert path.exists(), "the canary does not sing"


def refuse(path, match=None, read=load):
    """Check that reading a file is an error that names it, and costs little."""

    def fail():
        with pytest.raises(ModelFileError, match=match) as error:
            read(path)
        assert path.name in str(error.value)
        assert str(error.value).isprintable()

    # Of the processor, as other tests run beside this one.
    started = time.process_time()
    fail()
    assert time.process_time() - started < 5
    tracemalloc.start()
    try:
        fail()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # A model is read from the file, and then built.
    assert peak <= 2 * path.stat().st_size + 256 * MIB


def doctor(path, *, edit=None, extra=None, compression=zipfile.ZIP_STORED):
    """Write a model file again with its description edited and members added."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    if edit:
        schema = json.loads(members["schema.json"])
        edit(schema)
        members["schema.json"] = json.dumps(schema).encode()
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in {**members, **(extra or {})}.items():
            archive.writestr(name, content)


def attribute(schema, name):
    """Find an attribute of the saved estimator in its description."""
    return schema["content"]["content"][name]


def json_node(value):
    return {
        "__class__": "str",
        "__module__": "builtins",
        "__loader__": "JsonNode",
        "content": json.dumps(value),
        "is_json": True,
    }


def test_pickle(tmp_path, canary):
    path = tmp_path / "model.taps"
    path.write_bytes(canary)
    refuse(path, "is no tapsklearn model")
    refuse(path, read=read_about)


def test_foreign_types(model_file, tmp_path):
    foreign = tmp_path / "foreign.taps"
    skops.io.dump(NeuralNet(torch.nn.Linear, torch.nn.MSELoss), foreign)
    refuse(foreign, r"no about\.json")
    with zipfile.ZipFile(foreign) as archive:
        of_foreign = {name: archive.read(name) for name in archive.namelist()}
    doctor(model_file, extra=of_foreign)
    refuse(model_file, "skorch")


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("skorch.net", "NeuralNet"),
        # Names of ours that lead there.
        ("tapsklearn.detectors._callbacks", "InterruptibleNet"),
        ("tapsklearn.detectors._callbacks", "NeuralNet"),
        ("tapsklearn.detectors._cnn.CNNDetector", "NeuralNet"),
        ("tapsklearn", "detectors._callbacks.NeuralNet"),
        ("tapsklearn.detectors", "_vae.VAEDetector"),
        ("", "tapsklearn.detectors._vae.VAEDetector"),
    ],
)
def test_a_skorch_net_in_disguise(module, name, model_file, canary):
    """What skorch keeps as bytes it unpickles as soon as it is built."""

    def edit(schema):
        state = {
            "__class__": "dict",
            "__module__": "builtins",
            "__loader__": "DictNode",
            "key_types": {
                "__class__": "list",
                "__module__": "builtins",
                "__loader__": "ListNode",
                "content": [
                    {
                        "__class__": "str",
                        "__module__": "builtins",
                        "__loader__": "TypeNode",
                    }
                ],
            },
            "content": {
                "__cuda_dependent_attributes__": {
                    "__class__": "bytes",
                    "__module__": "builtins",
                    "__loader__": "BytesNode",
                    "file": "0a0b.bin",
                }
            },
        }
        schema["content"]["content"]["normality_"] = {
            "__class__": name,
            "__module__": module,
            "__loader__": "ObjectNode",
            "content": state,
        }

    doctor(model_file, edit=edit, extra={"0a0b.bin": canary})
    refuse(model_file)


def test_only_public_estimators_are_trusted():
    names = list_our_classes()
    assert "tapsklearn.detectors._vae.VAEDetector" in names
    assert "tapsklearn.preprocessing._tap_features.TapFeatures" in names
    for name in names:
        module, _, attribute = name.rpartition(".")
        package = importlib.import_module(module.rpartition(".")[0])
        assert package.__name__ in {"tapsklearn.detectors", "tapsklearn.preprocessing"}
        found = getattr(package, attribute)
        assert f"{found.__module__}.{found.__qualname__}" == name
        assert issubclass(found, BaseEstimator)


def test_functions_and_methods(model_file):
    for loader, module, name in (
        ("FunctionNode", "os", "system"),
        ("TypeNode", "subprocess", "Popen"),
        ("ConstructorFromReduceNode", "subprocess", "Popen"),
        ("OperatorFuncNode", "operator", "methodcaller"),
        ("ReduceNode", "os", "system"),
        ("NoSuchNode", "os", "system"),
    ):

        def edit(schema, loader=loader, module=module, name=name):
            node = {"__class__": name, "__module__": module, "__loader__": loader}
            node |= {"content": json_node(["true"]), "attrs": json_node([])}
            node["reduce"] = {"args": json_node([])}
            schema["content"]["content"]["normality_"] = node

        doctor(model_file, edit=edit)
        refuse(model_file)


def test_a_folder_of_pickles_is_not_taken_from_a_file(tmp_path, canary):
    """Crops kept by joblib are pickles: the file must not say where they are."""
    path = tmp_path / "model.taps"
    rng = np.random.default_rng(0)
    crops = rng.normal(size=(40, 100, 120)).astype(np.float32)
    save(make_pipeline(article_features(), CropDetector().fit(crops)), path)

    def edit(schema):
        steps = attribute(schema, "steps")["content"]
        features = steps[0]["content"][1]["content"]["content"]
        features["memory"] = json_node(str(tmp_path / "kept"))
        features["n_jobs"] = json_node(100_000)
        schema["content"]["content"]["memory"] = json_node(str(tmp_path / "kept"))

    doctor(path, edit=edit)
    model = load(path)
    assert model.memory is None
    assert model[0].memory is None
    assert model[0].n_jobs is None


def test_truncated(model_file):
    whole = model_file.read_bytes()
    for percent in range(100):
        model_file.write_bytes(whole[: len(whole) * percent // 100])
        refuse(model_file)


def test_flipped_bits(model, model_file, crops):
    """Each is an error, or changes nothing."""
    whole = model_file.read_bytes()
    expected = model.score_samples(crops[0])
    rng = random.Random(0)
    n_refused = 0
    for _ in range(2000):
        flipped = bytearray(whole)
        flipped[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        model_file.write_bytes(flipped)
        try:
            again = load(model_file)
        except ModelFileError:
            n_refused += 1
        else:
            np.testing.assert_array_equal(again.score_samples(crops[0]), expected)
    assert n_refused > 1500


def npy(claimed, dtype="<f8", content=b""):
    file = io.BytesIO()
    header = {"descr": dtype, "fortran_order": False, "shape": claimed}
    np.lib.format.write_array_header_1_0(file, header)
    return file.getvalue() + content


ARRAYS = {
    "terabytes": npy((10**12,)),
    "of nothing": npy((10**12,), "<U0"),
    "overflow": npy((2**33, 2**33)),
    "negative": npy((-1, -8), content=bytes(64)),
    "objects": npy((1,), "|O", pickle.dumps([1])),
    "half": npy((2,)) + bytes(8),
    "header": b"\x93NUMPY\x01\x00\xff\xff",
    "empty": b"",
}


@pytest.mark.parametrize("content", ARRAYS.values(), ids=ARRAYS)
def test_arrays_that_are_not(content, model_file):
    doctor(model_file, extra={"0a0b.npy": content})
    refuse(model_file)


def test_zip_bomb(model_file):
    bomb = npy((300 * MIB // 8,), content=bytes(300 * MIB))
    doctor(model_file, extra={"0a0b.npy": bomb}, compression=zipfile.ZIP_DEFLATED)
    del bomb
    assert model_file.stat().st_size < 3 * MIB
    refuse(model_file, "compressed")
    refuse(model_file, read=read_about)


def test_zip_bomb_of_one_stretch_listed_often(model_file):
    """Stored, not compressed, and yet larger than the file."""
    content = npy((16 * MIB // 8,), content=bytes(16 * MIB))
    doctor(model_file, extra={"0a0b.npy": content})
    whole = model_file.read_bytes()
    end = whole.rindex(b"PK\x05\x06")
    _, start = struct.unpack("<II", whole[end + 12 : end + 20])
    entry_start = whole.rindex(b"PK\x01\x02", start, end)
    entry = whole[entry_start:end]
    copies = b"".join(
        entry.replace(b"0a0b.npy", f"{number:04x}.npy".encode())
        for number in range(200)
    )
    listed = whole[start:entry_start] + copies
    n_members = struct.unpack("<H", whole[end + 10 : end + 12])[0] + 199
    sizes = (0, 0, n_members, n_members, len(listed), start, 0)
    ending = struct.pack("<4sHHHHIIH", b"PK\x05\x06", *sizes)
    model_file.write_bytes(whole[:start] + listed + ending)
    refuse(model_file, "more than there is")


@pytest.mark.parametrize(
    "name", ["../canary.npy", "/tmp/canary.npy", "a/../../x.npy", "C:\\x.npy", "x.py"]
)
def test_names_that_lead_out(name, model_file):
    doctor(model_file, extra={name: b"0"})
    refuse(model_file, "odd name")
    assert not (model_file.parent.parent / "canary.npy").exists()


def test_two_members_of_one_name(model_file):
    with (
        zipfile.ZipFile(model_file, "a") as archive,
        pytest.warns(UserWarning, match="Duplicate"),
    ):
        archive.writestr("schema.json", "{}")
    refuse(model_file, "two files of one name")


def test_descriptions_that_grow(model_file):
    """Objects that hold the one before twice, forty deep: a million millions."""

    def edit(schema):
        node = json_node(0)
        for number in range(40):
            node = {
                "__class__": "list",
                "__module__": "builtins",
                "__loader__": "ListNode",
                "__id__": number + 1,
                "content": [node, {"__id__": number, "__loader__": "JsonNode"}]
                if number
                else [node, node],
            }
        schema["content"]["content"]["history_"] = node

    doctor(model_file, edit=edit)
    refuse(model_file, "more objects")


def test_descriptions_that_hold_themselves(model_file):
    def edit(schema):
        node = {"__class__": "list", "__module__": "builtins", "__id__": 7}
        node |= {"__loader__": "ListNode", "content": [{"__id__": 7}]}
        schema["content"]["content"]["history_"] = node

    doctor(model_file, edit=edit)
    refuse(model_file)


def test_a_deep_description(model_file):
    with zipfile.ZipFile(model_file) as archive:
        about = archive.read("about.json")
    for text in ("[" * 100_000, '{"a":' * 100_000, "[" * 900 + "]" * 900, '"\ud800"'):
        with zipfile.ZipFile(model_file, "w") as archive:
            archive.writestr("about.json", about)
            archive.writestr("schema.json", text.encode("utf-8", "surrogatepass"))
        refuse(model_file)


def test_a_long_description(model_file):
    doctor(model_file, edit=lambda schema: schema.update(more=[[]] * 700_000))
    refuse(model_file, "more objects")
    doctor(model_file, edit=lambda schema: schema.update(more="x" * 5 * MIB))
    refuse(model_file, "larger than that of any model")


def test_weights_of_another_network(model_file):
    def edit(schema):
        schema["content"]["content"]["embedding_dim"] = json_node(10**9)

    doctor(model_file, edit=edit)
    refuse(model_file, "weights")


def test_what_a_terminal_would_obey_is_not_printed(model_file):
    def edit(schema):
        schema["__class__"] = "\x1b[2J\nEvil" * 99

    doctor(model_file, edit=edit)
    refuse(model_file)


def test_parameters_of_another_version(model_file):
    def edit(schema):
        del schema["content"]["content"]["weight_decay"]

    doctor(model_file, edit=edit)
    assert load(model_file).weight_decay == VAEDetector().weight_decay

    def edit_again(schema):
        schema["content"]["content"]["flux"] = json_node(88)

    doctor(model_file, edit=edit_again)
    refuse(model_file, "flux")


def test_a_newer_format(model_file):
    with zipfile.ZipFile(model_file) as archive:
        about = json.loads(archive.read("about.json"))
    about["format"] += 1
    about["versions"]["tapsklearn"] = "9.9"
    doctor(model_file, extra={"about.json": json.dumps(about)})
    refuse(model_file, r"made by tapsklearn 9\.9.*upgrade")


def test_no_estimator(tmp_path, model_file):
    buffer = io.BytesIO()
    skops.io.dump({"a": 1}, buffer)
    with zipfile.ZipFile(buffer) as archive:
        schema = archive.read("schema.json")
    doctor(model_file, extra={"schema.json": schema})
    refuse(model_file, "no estimator")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_folders_and_pipes(tmp_path):
    with pytest.raises(IsADirectoryError):
        load(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ModelFileError, match="no file"):
        load(tmp_path / "pipe")
