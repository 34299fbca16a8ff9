"What the command does with a finished run of the whole chain: values as configured, a refused value taken back, photos and sentences drawn."
import json
import shutil

import pytest
import yaml
from conftest import said
from PIL import Image, ImageChops, ImageDraw

from toyhollywood.workflow import stage_names


@pytest.fixture(scope="module")
def run(smoke_run, tmp_path_factory):
    "A copy, since others look at the run too."
    return shutil.copytree(smoke_run, tmp_path_factory.mktemp("copy") / "run", symlinks=True)


def test_every_stage_ran_with_its_values(run):
    config = yaml.safe_load((run / "config.yaml").read_text())["stages"]
    assert list(config) == stage_names()
    for name, values in config.items():
        tags = [t for c in json.loads((run / name / "notebook.ipynb").read_text())["cells"] for t in c["metadata"].get("tags", []) if "parameters" in t]
        assert tags == ["parameters", "injected-parameters"], name
        written = json.loads((run / name / "metrics.json").read_text())
        assert {k: (written["parameters"] | {"seed": written["seed"], "stage_name": written["stage"]})[k] for k in values} == values


def test_a_refused_value_is_not_kept(command, run, tmp_path):
    "The next call goes on without it, and the model that was there is still there."
    said(command("run", "--out", run, "--set", "fastgan.ema=1.5", "--stages", "fastgan"), 2, "ema is 1.5; it goes from 0 to 1")
    assert "fastgan.ema" not in (run / "config.yaml").read_text() and (run / "fastgan/metrics.json").is_file()
    done = command("sample", "--run", run, "--model", "fastgan", "--n", "2", "--out", tmp_path / "two.png")
    assert done.returncode == 0, done.stderr


def test_a_photo_becomes_a_toy(command, run, tmp_path):
    photo = Image.new("RGB", (900, 700), "navy")
    ImageDraw.Draw(photo).ellipse((300, 100, 600, 650), fill="orange")
    photo.convert("CMYK").save(tmp_path / "photo.jpg")
    done = command("map", tmp_path / "photo.jpg", "--run", run, "--n", "2", "--refine", "2", "--out", tmp_path / "toy.png")
    assert done.returncode == 0, done.stderr
    assert Image.open(tmp_path / "toy.png").size[0] > 200


@pytest.mark.parametrize("kind, sentence", [("dot", "cannot be used"), ("blank", "an empty picture"), ("text", "cannot be used"), ("none", "cannot be read")])
def test_a_photo_of_nothing(command, run, tmp_path, kind, sentence):
    path = tmp_path / f"{kind}.png"
    if kind == "dot":
        Image.new("RGB", (1, 1)).save(path)
    if kind == "blank":
        Image.new("RGB", (300, 300), "white").save(path)
    if kind == "text":
        path.write_text("no picture")
    said(command("map", path, "--run", run), 2, sentence)


def test_a_sentence_becomes_toys(command, run, tmp_path):
    done = command("draw", "a zyxwv robot", "--run", run, "--n", "2", "--out", tmp_path / "words.png")
    assert done.returncode == 0 and "never seen, so not used: " in done.stderr and "zyxwv" in done.stderr, done.stderr
    for text in ("", "Frau mit roten Haaren"):
        said(command("draw", text, "--run", run), 2, "none of the words")


def test_diffusion_listens(command, run, tmp_path):
    "Words never seen are drawn and said, also where there are no others, an empty prompt and too many steps are refused, and a drawing that was told something can be drawn again."
    ask = ("sample", "--run", run, "--model", "diffusion", "--n", "2", "--steps", "4")
    done = command(*ask, "--prompt", "a zyxwv robot", "--guidance", "3", "--out", tmp_path / "told.png")
    assert done.returncode == 0 and "zyxwv" in done.stderr, done.stderr
    again = command("sample", "--run", run, "--replay", tmp_path / "told.png")
    assert again.returncode == 0 and "the same in every pixel" in again.stdout, again.stderr
    done = command("draw", "a robot", "--run", run, "--model", "diffusion", "--n", "2", "--steps", "4", "--out", tmp_path / "drawn.png")
    assert done.returncode == 0, done.stderr
    done = command(*ask, "--prompt", "zyxwv", "--out", tmp_path / "strange.png")
    assert done.returncode == 0 and "as if nothing was said" in done.stderr, done.stderr
    assert command(*ask, "--out", tmp_path / "untold.png").returncode == 0
    assert max(high for _, high in ImageChops.difference(Image.open(tmp_path / "strange.png"), Image.open(tmp_path / "untold.png")).getextrema()) <= 1
    again = command("sample", "--run", run, "--replay", tmp_path / "strange.png")
    assert again.returncode == 0 and "the same in every pixel" in again.stdout, again.stderr
    said(command("draw", "Frau mit roten Haaren", "--run", run, "--model", "diffusion", "--out", tmp_path / "no.png"), 2, "none of the words")
    said(command(*ask, "--prompt", "", "--out", tmp_path / "no.png"), 2, "none of the words")
    said(command(*ask, "--guidance", "3", "--out", tmp_path / "no.png"), 2, "nothing was said")
    said(command("sample", "--run", run, "--model", "diffusion", "--steps", "301", "--out", tmp_path / "no.png"), 2, "1 to 300")
    said(command("draw", "a robot", "--run", run, "--model", "mapper", "--steps", "4", "--out", tmp_path / "no.png"), 2, "has no guidance")
    assert not (tmp_path / "no.png").exists()
