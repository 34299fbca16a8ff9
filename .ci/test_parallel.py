"""Two processes that share each batch draw the curves of one, resume exactly, and share the work on features: all eight models, tiny, connected by gloo.

Usage: python .ci/test_parallel.py FOLDER     records the curves of FOLDER/one and FOLDER/two, as .ci/eight.py left them, for the page
"""
import csv
import json
import shutil
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import GIVEN, ROOT

NEAR = {"vae": 2e-3} | dict.fromkeys(("clip", "superres", "fastgan", "stylegan2", "diffusion", "simclr", "mapper"), 1e-4)  # DISTS has corners: the rounding that all have grows fastest where it is asked
TORN = ("vae", "stylegan2")


def here(**more):
    return os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}", "OMP_NUM_THREADS": "1"} | more


def call(*words, cwd, **more):
    done = subprocess.run([sys.executable, *map(str, words)], cwd=cwd, env=here(**more), capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def rows(folder):
    with open(folder / "log.csv") as file:
        return [{k: float(v) for k, v in row.items() if v} for row in csv.DictReader(file)]


def differences(one, other):
    "The largest relative difference of every figure in two logs."
    assert [row.keys() for row in one] == [row.keys() for row in other]
    return {k: max(abs(a[k] - b[k]) / max(abs(a[k]), 1e-2) for a, b in zip(one, other) if k in a) for k in {k for row in one for k in row}}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    "A dataset, and the eight models trained by one process and by two."
    folder = tmp_path_factory.mktemp("parallel")
    data = Path(GIVEN) / "data" if GIVEN else folder / "data"
    if not GIVEN:
        call("-c", f"from toyhollywood.data import build_dataset; build_dataset('sample', {str(data)!r}, limit=150)", cwd=folder)
    call(ROOT / ".ci/eight.py", data, folder / "one", cwd=folder)
    call("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", 2, ROOT / ".ci/eight.py", data, folder / "two", "--frozen", folder / "one", "--torn", ",".join(TORN), "--more", cwd=folder)
    return folder, [json.loads((folder / f).read_text()) for f in ("one/process-0.json", "two/process-0.json", "two/process-1.json")]


@pytest.mark.parametrize("name", NEAR)
def test_two_draw_the_curve_of_one(trained, name):
    folder, (_, first, second) = trained
    far = differences(rows(folder / "one" / name), rows(folder / "two" / name))
    loss = {k: v for k, v in far.items() if k.endswith("/loss")}
    assert loss and max(loss.values()) < NEAR[name], far
    assert first[name] == second[name]  # weights, moments, averages and random numbers are the same in both, bit for bit
    if name in TORN:  # stopped half-way and gone on with
        assert first[name]["torn"] == {k: v for k, v in first[name].items() if k != "torn"}


@pytest.mark.parametrize("name", ["superres", "diffusion", "mapper"])
def test_turns_are_the_whole_batch(trained, name):
    folder, _ = trained
    far = differences(rows(folder / "one" / name), rows(folder / "two" / "turns" / name))
    assert max(far.values()) < 1e-4, far


def test_features_are_those_of_one(trained):
    _, (alone, *both) = trained
    assert len(alone["features"]) >= 4 and all(said["features"] == alone["features"] for said in both)
    assert both[0]["auto"] == both[1]["auto"]  # they measured, and agreed


def test_as_a_user_starts_it(smoke_run, tmp_path):
    "What accelerate says of processors alone: it would start one process and not say so."
    shutil.copytree(smoke_run / "data", tmp_path / "run/data")
    words = ("-m", "toyhollywood.cli", "train", "superres", "--run", "run", "--set", "superres.steps=2", "--set", "superres.precision=float32")
    said = call("-m", "accelerate.commands.accelerate_cli", "launch", "--num_processes", 2, "--cpu", *words, cwd=tmp_path)
    assert said.count("the model is in run/superres, trained by 2 processes") == 1
    assert json.loads(next((tmp_path / "run/superres").glob("checkpoint/step-0000002/state.json")).read_text())["step"] == 2


def record(folder):
    "The losses of both for nbs/04a_parallel.ipynb."
    from toyhollywood.core import write_json
    figure = {"fastgan": "discriminator/loss", "stylegan2": "discriminator/loss"}
    models = {name: {"figure": figure.get(name, f"{name}/loss"), **{k: [row[figure.get(name, f"{name}/loss")] for row in rows(folder / k / name)] for k in ("one", "two")}} for name in NEAR}
    write_json(ROOT / "assets/results/parallel.json", {"batch": 8, "backend": "gloo", "models": models})


if __name__ == "__main__":
    record(Path(sys.argv[1]))
