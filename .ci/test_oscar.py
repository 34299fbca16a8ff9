"A shop that we did not write: django-oscar, filled by its own import, crawled by our adapter as a user would."
import contextlib
import csv
import hashlib
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from conftest import kill9

from toyhollywood.catalogue import load_catalogue
from toyhollywood.frontier import NOTHING

HERE, TOYS = Path(__file__).parent, 24  # more than the 20 of Oscar's shelf, so that there is a next page


@pytest.fixture(scope="module")
def python_of_oscar(tmp_path_factory):
    "An environment with django-oscar; it has its own pins of Django and no business in ours."
    if given := os.environ.get("TOYHOLLYWOOD_OSCAR"):
        return given
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert uv, "uv is missing; `make test` installs it"
    here = tmp_path_factory.mktemp("oscar-env")
    quiet = {"capture_output": True, "text": True, "env": {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH")}}
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, here / "env"], check=True, **quiet)
    done = subprocess.run([uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", here / "env/bin/python", "django-oscar[easy-thumbnails]==4.2.1", "whoosh==2.7.4"], **quiet)
    if done.returncode and not os.environ.get("TOYHOLLYWOOD_OSCAR_NEEDED"):  # continuous integration says that it is
        pytest.skip(f"django-oscar cannot be installed here: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    return here / "env/bin/python"


@pytest.fixture(scope="module")
def oscar(python_of_oscar, tmp_path_factory):
    "The shop, open on loopback, with toys of the catalogue; closed when the tests are done. Gives its address and the toys."
    folder, catalogue = tmp_path_factory.mktemp("oscar"), load_catalogue()
    rows = catalogue.rows[:: max(1, len(catalogue.rows) // TOYS)][:TOYS]
    (folder / "pictures").mkdir()
    toys = {}
    with open(folder / "products.csv", "w", newline="", encoding="utf8") as file:
        table = csv.writer(file, escapechar="\\")
        for i, row in enumerate(rows):
            upc, body = f"toy{i:04d}", catalogue.image_bytes(row)
            (folder / "pictures" / (upc + Path(row["file_name"]).suffix)).write_bytes(body)
            table.writerow(["Toys", f"Toys > {row['line']}", upc, row["title"], "A toy.", "Toy Hollywood", upc, f"{5 + i}.50", 3])
            toys[upc] = {"title": row["title"], "line": row["line"], "price": 5.5 + i, "sha256": hashlib.sha256(body).hexdigest()}
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    log = open(folder / "log", "w")
    process = subprocess.Popen([str(python_of_oscar), str(HERE / "oscar_shop.py"), str(folder), str(port)], stdout=log, stderr=subprocess.STDOUT, cwd=folder)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(1800):
            assert process.poll() is None, (folder / "log").read_text()[-3000:]
            try:
                urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url + "/catalogue/", timeout=60).read()
                break
            except OSError:
                time.sleep(0.2)
        yield url, toys
    finally:
        process.poll() is None and kill9(process)
        log.close()


def test_explains_itself(oscar, command):
    url, _ = oscar
    done = command("scrape", url, "--explain")
    print(done.stdout)
    assert done.returncode == 0 and "looks like django-oscar" in done.stdout and " GBP | 1 picture" in done.stdout, done.stdout + done.stderr


def test_every_toy_comes_as_it_was(oscar, command, tmp_path):
    url, toys = oscar
    done = command("scrape", url, "--out", tmp_path / "crawl")
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {row["sku"]: row for row in map(json.loads, open(tmp_path / "crawl/products.jsonl", encoding="utf8"))}
    assert rows.keys() == toys.keys()
    for upc, toy in toys.items():
        row = rows[upc]
        assert (row["title"], row["category"], row["price"], row["currency"], row["read_by"], row["availability"]) == (toy["title"], toy["line"], toy["price"], "GBP", "django-oscar", "InStock")
        files = [tmp_path / "crawl" / image["file"] for image in row["images"]]
        assert [hashlib.sha256(f.read_bytes()).hexdigest() for f in files] == [toy["sha256"]], "the original, not the thumbnail"
    receipt = json.loads((tmp_path / "crawl/receipt.json").read_text())
    assert receipt["software"] == "django-oscar" and receipt["mode"] == "shelves" and receipt["requests"] < 6 * len(toys)
    with contextlib.closing(sqlite3.connect(tmp_path / "crawl/crawl.sqlite")) as db:
        assert db.execute("select count(*) from pages where url like '%page=2%' and state=?", (NOTHING,)).fetchone()[0], "the next page of the shelf"
    before, done = (tmp_path / "crawl/products.jsonl").read_bytes(), command("scrape", url, "--out", tmp_path / "crawl", "--limit", 2)
    assert done.returncode == 0 and f"{len(toys)} products with {len(toys)} pictures are in" in done.stdout and "(1 request this time" in done.stdout, done.stdout + done.stderr
    assert (tmp_path / "crawl/products.jsonl").read_bytes() == before, "a smaller limit throws nothing away"
    done = command("data", tmp_path / "crawl", "--out", tmp_path / "dataset")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "django-oscar" in (tmp_path / "dataset/README.md").read_text()
