"Broken files, bad pictures, hostile names, poisoned weights: the right result or one sentence, and nothing that a stranger wrote is ever run. Killing is in test_kill and, at length, in `python -m toyhollywood.survival`."
import ast
import contextlib
import os
import pickle
import re
import shutil
import socket
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, said
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from toyhollywood import survival
from toyhollywood.core import UserError, broken_files, read_json, slug, write_json
from toyhollywood.data import BadPicture, Dataset, Files, build_dataset, clean_picture, list_pictures, read_features

few = settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
PACKAGE = sorted((ROOT / "toyhollywood").glob("*.py"))


# nothing is unpickled, nothing is evaluated

FORBIDDEN = {"eval", "exec", "pickle.load", "pickle.loads", "cPickle.load", "dill.load", "dill.loads", "joblib.load", "marshal.load", "marshal.loads", "shelve.open", "os.system", "os.popen", "torch.jit.load", "torch.hub.load",
             "yaml.load", "yaml.unsafe_load", "yaml.full_load", "yaml.load_all", "pd.read_pickle", "pandas.read_pickle", "runpy.run_path", "load_from_file"}


def dangers(text):
    "Calls in a source that could run what a file says."
    found = []
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        name, options = ast.unparse(node.func), {k.arg: ast.unparse(k.value) for k in node.keywords}
        bad = name in FORBIDDEN or name.rpartition(".")[2] in ("Unpickler", "load_from_file", "unsafe_load", "read_pickle")
        bad |= name.endswith("torch.load") and options.get("weights_only") != "True"
        bad |= options.get("allow_pickle", "False") != "False" or options.get("shell", "False") != "False" or options.get("trust_remote_code", "False") != "False"
        if bad:
            found.append(f"line {node.lineno}: {ast.unparse(node)[:100]}")
    return found


def test_no_file_is_run():
    for line in ("pickle.load(f)", "torch.load(p)", "torch.load(p, weights_only=False)", "np.load(p, allow_pickle=True)", "yaml.load(t, yaml.Loader)", "eval(t)", "subprocess.run(c, shell=True)", "pickle.Unpickler(f).load()", "torch.jit.load(p)"):
        assert dangers(line), f"this test would not see {line}"
    assert not dangers("torch.load(p, map_location='cpu', weights_only=True); yaml.safe_load(t); np.load(p, mmap_mode='r'); net.eval()")
    assert {p.name: d for p in [*PACKAGE, ROOT / "setup.py"] if (d := dangers(p.read_text()))} == {}
    restricted = [p.name for p in PACKAGE if re.search(r"^\s*(import|from) .*\bpickle\b", p.read_text(), re.M)]
    assert restricted == ["pretrained.py"], "the one reader of old arrays is a restricted one"


class Poison:
    "A pickle that makes a folder when somebody reads it."

    def __init__(self, mark):
        self.mark = str(mark)

    def __reduce__(self):
        return os.mkdir, (self.mark,)


@pytest.fixture(scope="module")
def poisons(tmp_path_factory):
    "Files that would make the folder `mark`, in every form that weights come in."
    import torch

    folder = tmp_path_factory.mktemp("poison")
    mark = folder / "pwned"
    files = []

    def file(name, write):
        write(folder / name)
        files.append(folder / name)

    for ending in ("pt", "pth", "bin", "pkl", "ckpt", "safetensors"):
        file(f"zip.{ending}", lambda p: torch.save({"weight": Poison(mark)}, p))
        file(f"plain.{ending}", lambda p: p.write_bytes(pickle.dumps(Poison(mark))))
    file("old.pt", lambda p: torch.save(Poison(mark), p, _use_new_zipfile_serialization=False))
    file("protocol0.pt", lambda p: p.write_bytes(pickle.dumps(Poison(mark), protocol=0)))
    file("hidden.pt", lambda p: torch.save({"state_dict": {"weight": torch.zeros(2), "more": [Poison(mark)]}}, p))
    assert not mark.exists()
    pickle.loads((folder / "plain.pt").read_bytes())
    assert mark.exists(), "the poison works"
    mark.rmdir()
    return mark, files


def doors():
    "Every place where a user's weights or arrays come in, as functions of a path."
    import torch

    from toyhollywood.clip import load_pretrained
    from toyhollywood.pretrained import ArrayUnpickler, _torch_tensors, get_weights
    from toyhollywood.superres import other_network
    from toyhollywood.train import load_model, load_weights, read_state, read_tensors, read_weights

    def folder_of(path, name):
        folder = path.parent / f"as-{name}"
        folder.mkdir(exist_ok=True)
        shutil.copy(path, folder / name)
        return folder

    def model(path):
        from toyhollywood.core import file_hash

        folder = folder_of(path, "model.safetensors")
        (folder / "model.json").write_text(f'{{"class": "Linear", "arguments": {{"in_features": 1, "out_features": 1}}, "sha256": "{file_hash(folder / "model.safetensors")}"}}')
        return load_model(torch.nn.Linear, folder)

    def checkpoint(path):
        folder = folder_of(path, "state.safetensors")
        (folder / "state.json").write_text("{}")
        return read_state(folder)

    def arrays(path):
        with path.open("rb") as file:
            while True:  # torch's old files are several pickles, of which the first is a number
                ArrayUnpickler(file).load()

    return [read_tensors, read_weights, lambda p: load_weights(torch.nn.Linear(1, 1), p), model, checkpoint, other_network, lambda p: load_pretrained(f"RN50:{p}"), lambda p: get_weights("dists", p), _torch_tensors, arrays, read_features]


def test_poisoned_weights_at_every_door(poisons, command, tmp_path):
    mark, files = poisons
    for door in doors():
        for path in files:
            with pytest.raises(Exception) as refusal:
                pytest.fail(f"{door} took {path.name}: {door(path)}")
            assert not mark.exists(), f"{path.name} was run"
            if getattr(door, "__name__", "").startswith(("read_", "other", "_torch")) and door.__name__ != "read_state":
                assert isinstance(refusal.value, UserError), (door.__name__, path.name, refusal.value)
    said(command("data", "weights", "--get", "dists", "--file", files[0]), 2, "is not dists", "not opened")
    assert not mark.exists()


def test_a_poisoned_cache_is_made_again(poisons, tmp_path):
    "An array of objects in place of the pixels."
    mark, _ = poisons
    dataset = build_dataset(survival.lying_list(tmp_path), tmp_path / "data")
    good = dataset.pixels(16).copy()
    path = dataset.folder / "cache/pixels-16.npy"
    np.save(path, np.array([Poison(mark)], dtype=object), allow_pickle=True)
    write_json(path.with_suffix(".json"), dataset._written(path))  # as if it were ours
    assert (dataset.pixels(16) == good).all() and not mark.exists()


# bad pictures

def test_the_corpus_in_an_archive(tmp_path):
    "The same files in a zip whose names climb out of it: as in a folder, and nothing is written outside."
    cases = survival.bad_pictures()
    assert len(cases) >= 200
    with zipfile.ZipFile(tmp_path / "toys.zip", "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for case in cases:
            if case.name.isprintable() and "\\" not in case.name:
                archive.writestr(case.name, case.data)
        for i, name in enumerate(("../../climbs.png", "/absolute.png", "names/../../../x.png", "C:/drive.png")):
            archive.writestr(name, survival.encoded(survival.odd_toy(900 + i)))
    inside = [c for c in cases if c.name.isprintable() and "\\" not in c.name]
    dataset = build_dataset(tmp_path / "toys.zip", tmp_path / "data")
    assert survival.judged(inside, dataset) == []
    assert sorted(p.name for p in tmp_path.iterdir()) == [".data.lock", "data", "toys.zip"]


def tried(data):
    "A picture or its refusal; whatever else is raised is a bug."
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image, stored, ending = clean_picture(data)
        except BadPicture as bad:
            assert bad.reason and "\n" not in bad.reason
        else:
            assert image.mode == "RGB" and min(image.size) >= 16 and max(image.size) <= 1024 and ending in (".jpg", ".png") and stored


WHOLE = [case.data for case in survival.bad_pictures() if case.picture is not None and len(case.data) < 20_000 and not case.name.startswith("names")]


@few
@given(st.binary(max_size=400))
@example(b"P6 16 16 255\n")
@example(b"P7\nWIDTH 99999999\nHEIGHT 99999999\nDEPTH 3\nMAXVAL 255\nENDHDR\n")
def test_any_bytes(data):
    tried(data)


@few
@given(st.sampled_from(WHOLE), st.lists(st.tuples(st.integers(0, 20_000), st.integers(1, 255)), max_size=8), st.integers(0, 20_000))
def test_wounded_pictures(data, wounds, end):
    "Bits that flipped, and an end that is missing."
    data = bytearray(data)
    for at, mask in wounds:
        data[at % len(data)] ^= mask
    tried(bytes(data[: len(data) - end % len(data)] if end % 3 == 0 else data))


NAMES = st.text(st.characters(codec="utf8", exclude_characters="/\0"), min_size=1, max_size=60)


@few
@given(NAMES)
@example("-rf ~")
@example("..")
@example("\u202egpj")
def test_any_name(tmp_path_factory, name):
    "A picture is found under whatever name the file system takes, and the name it gets is harmless."
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug(name)) and len(slug(name)) <= 60
    folder = tmp_path_factory.mktemp("names")
    try:
        (folder / f"n{name}.png").write_bytes(WHOLE[0])
    except OSError:
        return
    files = Files(folder)
    row, = list_pictures(files)
    assert files.read(row["file"]) == WHOLE[0]
    assert "\n" not in (row["title"] or "") and str(folder) not in slug(row["category"])


@few
@given(st.binary(max_size=300))
def test_any_bytes_as_our_own_files(tmp_path_factory, data):
    "A record, a feature file or a dataset of any bytes is refused in words."
    folder = tmp_path_factory.mktemp("own")
    for name in ("metrics.json", "dataset.json", "metadata.jsonl", "features.parquet"):
        (folder / name).write_bytes(data)
    for read in (lambda: read_features(folder / "features.parquet"), lambda: Dataset.open(folder), lambda: read_json(folder / "metrics.json")):
        try:
            read()
        except UserError as error:
            assert str(folder.name) in str(error)
    assert broken_files(folder) in (["metrics.json"], [])


# the doors to the network

def test_only_this_machine():
    "The store and the playground open on loopback unless somebody asks for more."
    import inspect

    from toyhollywood.cli import parser
    from toyhollywood.play import listening, play
    from toyhollywood.store import Store

    other = next((a[4][0] for a in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET) if not a[4][0].startswith("127.")), None)
    with Store() as store, listening(inspect.signature(play).parameters["host"].default, 0) as page:
        for address in (store.server.server_address, page.getsockname()):
            assert address[0] == "127.0.0.1"
            if other:
                with pytest.raises(OSError):
                    socket.create_connection((other, address[1]), 1)
    assert parser().parse_args(["play"]).host == "127.0.0.1"
    for path in PACKAGE:  # and nobody else listens
        listens = {ast.unparse(n.func).rpartition(".")[2] for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)} & {"bind", "listen", "ThreadingHTTPServer", "HTTPServer", "_Server"}
        assert not listens or path.name in ("store.py", "play.py", "chaos.py") or listens == {"bind"} and "127.0.0.1" in path.read_text(), (path.name, listens)  # who only asks for a free port of loopback


# a finished run

def test_a_damaged_run_on_a_full_disk(command, smoke_run, tmp_path):
    "Many things go bad at once and there is no room; the same command says so, and with room mends all of it."
    hurt, said_once = tmp_path / "disk" / "run", ""
    with contextlib.ExitStack() as stack:
        try:
            resize = stack.enter_context(survival.small_disk(tmp_path / "disk", 2**20))
        except UserError:  # not root: the rest is tested all the same
            resize = None
        shutil.copytree(smoke_run, hurt, symlinks=True)
        made = (hurt / "data/metrics.json").stat().st_mtime_ns
        weights = (hurt / "fastgan/model.safetensors").read_bytes()
        survival.cut_short(hurt / "fastgan/model.safetensors")
        said(command("sample", "--run", hurt, "--model", "fastgan", "--out", tmp_path / "x.png"), 2, "train the stage again", "toyhollywood run --stages fastgan --out")
        (hurt / "fastgan/model.safetensors").write_bytes(weights)
        pictures = sorted((hurt / "data/images").glob("*/*"))
        survival.cut_short(pictures[0])
        pictures[1].unlink()
        survival.write_over(hurt / "data/cache/pixels-32.npy")
        survival.cut_short(hurt / "vae/model.safetensors")
        for stage in ("vae", "data"):
            survival.nonsense(hurt / stage / "progress.json")
        orphan = hurt / "vae/.model-ab12cd34.part.safetensors"
        orphan.write_bytes(bytes(9))
        os.utime(orphan, (0, 0))
        if resize:
            resize(shutil.disk_usage(hurt).used // 1024 + 40)
            done = command("run", "--out", hurt, "--stages", "data,vae")
            said(done, 1, "disk is full")
            said_once = done.stdout
            resize(2**20)
        done = command("run", "--out", hurt, "--stages", "data,vae")
        assert done.returncode == 0 and "mended from its source" in said_once + done.stdout, done.stdout + done.stderr
        assert (hurt / "data/metrics.json").stat().st_mtime_ns == made, "the dataset was mended, not made anew"
        assert survival.differences(hurt, smoke_run) == [] and not orphan.exists()


def test_a_broken_configuration(command, smoke_run, tmp_path):
    for harm in (survival.cut_short, survival.nonsense):
        assert survival.suffer(survival.Fault("config.yaml", harm, "config.yaml is broken"), smoke_run, tmp_path, call=command) == []


# the audit of versions

def test_an_audit_that_nobody_answered_is_no_good_news():
    from audit import verdict

    assert verdict([]) == verdict([{"name": "torch", "skip_reason": "not found"}]) == (0, ["::warning::pip-audit could not reach its data; nothing was checked"])
    clean = {"name": "numpy", "version": "2.4.0", "vulns": []}
    assert verdict([clean]) == (0, ["1 of 1 versions checked"])
    status, lines = verdict([clean, {"name": "torch", "skip_reason": "?"}, {"name": "pillow", "version": "9.0.0", "vulns": [{"id": "CVE-2022-22817", "fix_versions": ["9.0.1"]}]}])
    assert status == 1 and lines[0] == "::error::pillow 9.0.0: CVE-2022-22817, mended in 9.0.1" and "torch" in lines[1]
