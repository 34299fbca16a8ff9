"What a user does wrong gets one sentence and status 2, a job that fails through nobody's mistake status 1, and nobody a traceback."
import http.server
import os
import socket
import subprocess
import threading

import pytest
from conftest import said
from PIL import Image


@pytest.mark.parametrize("words, hint", [
    (["run", "--preset", "dmeo"], "did you mean 'demo'?"),
    (["run", "--set", "vae.stpes=5"], "did you mean 'steps'?"),
    (["run", "--set", "vea.steps=5"], "did you mean 'vae'?"),
    (["run", "--set", "vae.steps=lots"], "of the kind of"),
    (["run", "--stages", "vae,clpi"], "did you mean 'clip'?"),
    (["run", "--stages", "vae"], "stage 'vae' needs 'data'"),
    (["run", "--data", "nowhere"], "there is no such folder"),
    (["run", "--profile", "nowhere"], "there is no profile"),
    (["run", "--jobs", "0"], "at least 1"),
    (["rnu"], "did you mean 'run'?"),
    (["render", "--products", "0", "--out", "toys"], "at least 1"),
    (["scrape", "not-an-address"], "not-an-address"),
    (["report", "--run", "nowhere"], "nowhere"),
    (["report", "--run", "."], "holds no run"),
])
def test_wrong_calls(command, tmp_path, words, hint):
    said(command(*words, cwd=tmp_path), 2, hint)


def folder_of(tmp_path, kind):
    folder = tmp_path / kind
    folder.mkdir()
    if kind == "texts":
        for i in range(5):
            (folder / f"{i}.jpg").write_text("this is no picture")
    if kind == "single":
        Image.new("RGB", (64, 64), "red").save(folder / "toy.jpg")
    return folder


@pytest.mark.parametrize("kind", ["empty", "texts", "single"])
def test_folders_without_a_dataset(command, tmp_path, kind):
    folder = folder_of(tmp_path, kind)
    done = command("run", "--data", folder, "--preset", "smoke", "--out", tmp_path / "run")
    said(done, 1 if kind == "texts" else 2, folder.name)  # files that are all broken are nobody's wrong call
    assert not (tmp_path / "run/data/metrics.json").exists()


class Shop(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"<html><body><p>Nothing for sale.</p></body></html>"
        self.send_response(200 if self.path in ("/empty/", "/empty") else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


@pytest.fixture
def shop():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.mark.parametrize("path", ["/gone", "/empty/"])
def test_shops_without_products(command, tmp_path, shop, path):
    done = command("scrape", shop + path, "--out", tmp_path / "crawl", "--delay", "0")
    assert done.returncode in (1, 2) and shop in done.stderr and "Traceback" not in done.stderr, done.stderr


def test_nobody_answers(command, tmp_path):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{s.getsockname()[1]}"
    said(command("scrape", address, "--out", tmp_path / "crawl", "--delay", "0"), 1, address)


def test_port_in_use(command):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        said(command("store", "--port", s.getsockname()[1]), 2, "port")


def test_full_disk_loses_nothing(command, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=700k", "tmpfs", small], capture_output=True).returncode:
        pytest.skip("needs the right to mount a small file system")
    try:
        done = command("run", "--preset", "smoke", "--out", small / "run")
        said(done, 1, "disk is full")
        subprocess.run(["mount", "-o", "remount,size=200m", small], check=True)
        done = command("run", "--preset", "smoke", "--stages", "catalogue,scrape,data", "--out", small / "run")
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        subprocess.run(["umount", "-l", small], check=True)
