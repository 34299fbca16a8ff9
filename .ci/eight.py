"Trains the eight models for a few steps in a tiny size, in one process or in several that a launcher started; what .ci/test_parallel.py compares."
import argparse
import hashlib
import json
import shutil
from pathlib import Path

import torch

from toyhollywood.clip import train_clip
from toyhollywood.core import JobError, Stage
from toyhollywood.data import Dataset
from toyhollywood.diffusion import train_diffusion
from toyhollywood.fastgan import train_fastgan
from toyhollywood.imagenet import embed_all
from toyhollywood.judge import available, extract
from toyhollywood.mapper import Frozen, features_of, train_mapper
from toyhollywood.parallel import this_process
from toyhollywood.pretrained import efficientnet_lite0, load_dists
from toyhollywood.simclr import simclr_features, train_simclr
from toyhollywood.stylegan2 import train_stylegan2
from toyhollywood.superres import train_superres
from toyhollywood.train import load_model
from toyhollywood.vae import VAE, encode, train_vae

ALONE = ("superres", "diffusion", "mapper")  # whose losses judge every picture by itself


def dists_here():
    try:
        load_dists()
        return 1.0
    except JobError:
        return 0.0


TRAINERS = {
    "vae": lambda d, s, **o: train_vae(d, s, size=32, width=8, latent=16, dists=dists_here(), dists_pictures=4, **o),
    "clip": lambda d, s, **o: train_clip(d, s, size=32, dimensions=16, width=32, layers=1, **o),
    "superres": lambda d, s, **o: train_superres(d, s, scale=2, size=64, patch=32, width=8, depth=2, **o),
    "fastgan": lambda d, s, **o: train_fastgan(d, s, size=32, width=4, latent=32, augment=-1.0, **o),
    "stylegan2": lambda d, s, **o: train_stylegan2(d, s, size=16, width=4, most=16, style=16, mapping_layers=2, noise=True, **o),
    "diffusion": lambda d, s, **o: train_diffusion(d, s, size=16, width=8, multiples=[1, 2], **o),
    "simclr": lambda d, s, **o: train_simclr(d, s, size=32, backbone="test_resnet", dimensions=16, **o),
    "mapper": lambda d, s, **o: train_mapper(d, s, hidden=16, lessons=8, drawings=40, dists=dists_here(), dists_every=2, dists_pictures=4, **o),
}


def digest(state, found=None):
    "A hash of all tensors in a nested state, in order."
    found = found or hashlib.sha256()
    for value in state.values() if isinstance(state, dict) else state if isinstance(state, list) else [state]:
        if isinstance(value, torch.Tensor):
            found.update(value.detach().cpu().contiguous().numpy().tobytes())
        elif isinstance(value, (dict, list)):
            digest(value, found)
    return found.hexdigest()


def train(name, dataset, out, frozen, **options):
    "One of the eight, from its newest checkpoint; its Loop, and hashes of all that decides how it would go on."
    stage = Stage(name, out, seed=5)
    extra = {"frozen": Frozen(frozen, dists=bool(dists_here()))} if name == "mapper" else {}
    loop = TRAINERS[name](dataset, stage, **{"precision": "float32", "log_every": 1, "checkpoint_seconds": 1e9} | options | extra)[-1]
    if "stop_at" not in options:
        if this_process().is_main_process:
            stage.finish()  # the diffusion model reads a finished CLIP
        this_process().wait_for_everyone()
    state = loop.state()
    return loop, {"step": loop.step, **{part: digest(state[part]) for part in ("modules", "optimizers", "hooks", "random")}}


def features(dataset, frozen):
    "Hashes of what trained networks say of the same pictures."
    run, pixels = Frozen(frozen, dists=False), dataset.pixels(32)[:21]
    found = {"vae": encode(load_model(VAE, frozen / "vae"), pixels, batch_size=4), "clip": run.clip.encode_images(pixels, 4), "simclr": simclr_features(run.encoder, pixels, 4),
             "mapper": features_of(run, dataset.pixels(16)[:21], batch_size=4)}
    for judge in available(("efficientnet_lite0",))[0]:
        found[judge] = extract(pixels[:9], judge, 2)
        found["imagenet"] = embed_all(dataset.image, 13, efficientnet_lite0(), 8, sample=9, size=64, batch_size=2)[0]
    return {name: digest(torch.as_tensor(value)) for name, value in found.items()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--frozen", type=Path, help="run whose networks the mapper stands between, and that say what they see; this one when left out")
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--only", default=",".join(TRAINERS))
    parser.add_argument("--torn", default="", help="of them, those that are also stopped half-way and gone on with")
    parser.add_argument("--every-step", action="store_true", help="write a checkpoint after every step")
    parser.add_argument("--more", action="store_true", help="also in two turns, and with a measured precision")
    a = parser.parse_args()
    torch.set_num_threads(1)
    process, dataset, told = this_process(), Dataset.open(a.data), {}
    options, frozen = {"steps": a.steps, "batch_size": a.batch}, a.frozen or a.out
    for name in a.only.split(","):
        _, told[name] = train(name, dataset, a.out, frozen, **options, **({"checkpoint_seconds": 0.0} if a.every_step else {}))
    for name in filter(None, a.torn.split(",")):
        train(name, dataset, a.out / "torn", frozen, **options, checkpoint_seconds=0.0, stop_at=a.steps // 2)
        torch.manual_seed(process.process_index)  # whatever a new process had drawn before
        told[name]["torn"] = train(name, dataset, a.out / "torn", frozen, **options)[1]
    if a.more:
        if process.is_main_process:
            shutil.copytree(frozen / "clip", a.out / "turns" / "clip")
        process.wait_for_everyone()
        for name in ALONE:
            train(name, dataset, a.out / "turns", frozen, **options, accumulate=2)
        loop, _ = train("superres", dataset, a.out / "auto", frozen, steps=2, batch_size=4, precision="auto", accumulate=2)
        told["auto"] = {"plan": str(loop.plan)}
    if "mapper" in told:
        told["features"] = features(dataset, frozen)
    (a.out / f"process-{process.process_index}.json").write_text(json.dumps(told))
    process.destroy_process_group()


if __name__ == "__main__":
    main()
