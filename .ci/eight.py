"""Trains the eight models for a few steps in a tiny size, by itself or under `accelerate launch`; what .ci/test_parallel.py compares.

Usage: python .ci/eight.py DATA OUT [--steps 6] [--batch 8] [--only vae,clip] [--stop 3] [--frozen OUT] [--accumulate 1] [--features]
"""
import argparse
import csv
import hashlib
import json
import shutil
from pathlib import Path

import torch
from accelerate import PartialState

from toyhollywood.clip import train_clip
from toyhollywood.core import JobError, Stage
from toyhollywood.data import Dataset
from toyhollywood.diffusion import train_diffusion
from toyhollywood.fastgan import train_fastgan
from toyhollywood.mapper import Frozen, train_mapper
from toyhollywood.pretrained import load_dists
from toyhollywood.simclr import train_simclr
from toyhollywood.stylegan2 import train_stylegan2
from toyhollywood.superres import train_superres
from toyhollywood.vae import train_vae


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
    "mapper": lambda d, s, **o: train_mapper(d, s, hidden=16, dists=dists_here(), dists_every=2, dists_pictures=4, **o),
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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--only", default=",".join(TRAINERS))
    parser.add_argument("--stop", type=int)
    parser.add_argument("--frozen", type=Path)
    parser.add_argument("--accumulate", type=int)
    a = parser.parse_args()
    torch.set_num_threads(1)
    process, dataset = PartialState(), Dataset.open(a.data)
    for name in a.only.split(","):
        stage = Stage(name, a.out, seed=5)
        options = {"frozen": Frozen(a.frozen or a.out)} if name == "mapper" else {}
        options |= {"accumulate": a.accumulate} if a.accumulate else {}
        loop = TRAINERS[name](dataset, stage, steps=a.steps, batch_size=a.batch, precision="float32", log_every=1, checkpoint_seconds=0.0 if a.stop else 1e9, stop_at=a.stop, **options)[-1]
        state = loop.state()
        told = {"step": loop.step, "modules": digest(state["modules"]), "optimizers": digest(state["optimizers"]), "random": digest(state["random"])}
        (stage.folder / f"process-{process.process_index}.json").write_text(json.dumps(told))
        if process.is_main_process and not a.stop:
            stage.finish()


if __name__ == "__main__":
    main()
