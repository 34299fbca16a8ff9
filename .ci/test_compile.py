"Compiled or not: the gradients of both GANs are the same in every phase. On a GPU by the code that inductor writes; elsewhere as torch.compile traces the networks forward and backward."
import torch

from toyhollywood.drawing import Adaptive, compile_gaps
from toyhollywood.fastgan import FastGANDiscriminator, FastGANGenerator, fastgan_phases
from toyhollywood.stylegan2 import PathLength, StyleGAN2Discriminator, StyleGAN2Generator, stylegan2_phases

DEVICE, BACKEND = ("cuda", "inductor") if torch.cuda.is_available() else ("cpu", "aot_eager")


def gaps(phases, size):
    found = compile_gaps(phases, (torch.arange(4), torch.rand(4, 3, size, size) * 2 - 1), DEVICE, BACKEND)
    assert max(found.values()) < 1e-3, found
    return set(found)


def test_fastgan():
    torch.manual_seed(0)
    assert gaps(fastgan_phases(FastGANGenerator(32, 4, 16), FastGANDiscriminator(32, 4), Adaptive(start=0.5, pictures=float("inf"))), 32) == {"generator", "discriminator"}


def test_stylegan2():
    torch.manual_seed(0)
    nets = StyleGAN2Generator(16, 8, 16, 16, 2), StyleGAN2Discriminator(16, 8, 16)
    assert gaps(stylegan2_phases(*nets, Adaptive(start=0.5, pictures=float("inf")), PathLength()), 16) == {"generator", "path", "discriminator", "r1"}
