"The crawler against a store that misbehaves, undisturbed and killed again and again; and what must hold for every address and price. TOYHOLLYWOOD_CHAOS=2000 makes it large."
import contextlib
import hashlib
import json
import os
import random
import sqlite3
import string
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from conftest import kill9, said
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from toyhollywood.adapters import drop_parameters
from toyhollywood.chaos import FAULTS, ChaosStore, parse_faults
from toyhollywood.frontier import TODO
from toyhollywood.pages import Site, original, parse_price, tidy_url
from toyhollywood.store import Store, draw_toys

LARGE = int(os.environ.get("TOYHOLLYWOOD_CHAOS", "0"))
PRODUCTS, RATE, KILLS = (LARGE, 0.05, 20) if LARGE else (100, 0.08, 5)
CRAWL = "from toyhollywood.scrape import scrape; from toyhollywood.visit import Visitor; Visitor.backoff = 0.05; scrape({url!r}, {out!r})"  # one request at a time, as by default: with more, one may be under way when another is told to wait


@pytest.fixture(scope="module")
def goods(tmp_path_factory):
    if not LARGE:
        return draw_toys(tmp_path_factory.mktemp("toys"), PRODUCTS)
    from toyhollywood.bench import ManyToys
    return ManyToys(LARGE)


def dataset(out):
    "Everything a crawl leaves but its clock: names and content."
    files = [out / "products.jsonl", *(out / "images").rglob("*")]
    return {str(p.relative_to(out)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files if p.is_file()}


def crawl(url, out):
    return subprocess.Popen([sys.executable, "-c", CRAWL.format(url=url, out=str(out))], stderr=subprocess.PIPE)


def committed(out):
    "Addresses that a crawl which was killed is done with."
    try:
        with contextlib.closing(sqlite3.connect(out / "crawl.sqlite")) as db:
            return {url for url, in db.execute("select url from pages where state<>?", (TODO,))}
    except sqlite3.Error:  # killed before there was anything
        return set()


def behaved(store, out):
    "What must hold after every crawl of the chaos store."
    score, rows = store.score(), [json.loads(line) for line in open(out / "products.jsonl", encoding="utf8")]
    print(score)
    assert score["lost"] == 0 and score["won"] == score["valid"], score
    assert score["against_robots"] == score["during_retry_after"] == score["off_site"] == 0, score
    assert score["calendar"] < 150
    skus = [row["sku"] for row in rows]
    assert len(skus) == len(set(skus)), "a product came twice"
    valid = {toy["sku"] for toy in store.shop.toys.values() if not store.lasting(toy)}
    assert valid <= {row["sku"] for row in rows if row["images"]}
    for path in (out / "images").rglob("*"):
        if path.is_file():
            with Image.open(path) as picture:
                picture.load()
            assert path.stem == hashlib.sha256(path.read_bytes()).hexdigest()[:32]
    for row in rows:
        files = [image["file"] for image in row["images"]]
        assert len(files) == len(set(files)) and all((out / f).is_file() for f in files)
    assert not [p for p in out.parent.rglob("*") if "evil" in p.name or "passwd" in p.name]


def test_chaos_undisturbed_and_killed(goods, tmp_path):
    rates = parse_faults(f"all={RATE}")
    with ChaosStore(goods, faults=rates, hold=0.2, drip=0.3) as store:
        whole = crawl(store.url, tmp_path / "whole")
        assert whole.wait(3600) == 0, whole.stderr.read()
        behaved(store, tmp_path / "whole")
        store.seen.clear(), store.won.clear(), store.quiet.clear()
        asked, settled, dice, total = [], [], random.Random(0), store.tally["requests"]
        store.server.faults = lambda request: asked.append(request.path) or store.serve(request)
        for turn in range(KILLS):  # the first may come while Python starts, the others where the crawl is so far
            goal = int(0.9 * total * (turn + dice.random()) / KILLS)
            process = crawl(store.url, tmp_path / "killed")
            while len(asked) < goal:
                assert process.poll() is None, f"it ended before kill {turn + 1} of {KILLS}"
                time.sleep(0.01)
            time.sleep(0.3 * dice.random())
            kill9(process)
            settled.append((len(asked), committed(tmp_path / "killed")))
        last = crawl(store.url, tmp_path / "killed")
        assert last.wait(3600) == 0, last.stderr.read()
        behaved(store, tmp_path / "killed")
        assert len(settled) == KILLS and len(settled[-1][1]) > PRODUCTS / 2
        for before, done in settled:
            assert not done & set(asked[before:]), "a request was repeated that had been committed"
        assert dataset(tmp_path / "killed") == dataset(tmp_path / "whole")


def test_told_to_stay_away_and_killed(tmp_path):
    "Retry-After holds for the next process, too, and for robots.txt."
    with ChaosStore(draw_toys(tmp_path / "toys", 8), faults={"429": 1.0}, hold=6) as store:
        process = crawl(store.url, tmp_path / "crawl")
        for _ in range(600):
            assert process.poll() is None, process.stderr.read()
            with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(tmp_path / "crawl/crawl.sqlite")) as db:
                if db.execute("select count(*) from meta where name like 'held:%'").fetchone()[0]:
                    break
            time.sleep(0.05)
        kill9(process)
        told, requests = store.quiet[0][1], store.tally["requests"]
        last = crawl(store.url, tmp_path / "crawl")
        while store.tally["requests"] == requests:
            assert last.poll() is None and time.monotonic() < told + 60, last.poll()
            time.sleep(0.01)
        asked = time.monotonic()
        kill9(last)
        assert asked >= told - 0.01, f"asked {told - asked:.1f} s too early"
        assert store.score()["during_retry_after"] == 0


def test_bad_moments_of_everything(tmp_path):
    "House rules, sitemap, shelves and every toy are busy, broken and cut off before they are well."
    for start in ("/", "/lines/cars"):
        with ChaosStore(draw_toys(tmp_path / "toys", 8), faults={"429": 1.0, "500": 1.0, "cut": 1.0}, hold=0.2) as store:
            process = crawl(store.url + start, tmp_path / f"crawl{len(start)}")
            assert process.wait(600) == 0, process.stderr.read()
            behaved(store, tmp_path / f"crawl{len(start)}")


def test_chaos_along_the_links(goods, tmp_path):
    "Who starts at a shelf walks along the links: the calendar is met, and bounded; no product is lost."
    if LARGE:
        pytest.skip("the small form is enough")
    with ChaosStore(goods, faults=parse_faults(f"all={RATE}"), hold=0.2, drip=0.2) as store:
        process = crawl(store.url + "/lines/cars", tmp_path / "links")
        assert process.wait(600) == 0, process.stderr.read()
        behaved(store, tmp_path / "links")
        receipt = json.loads((tmp_path / "links/receipt.json").read_text())
    assert receipt["mode"] == "links" and receipt["endless"] and store.score()["calendar"] >= 40


def test_the_command_keeps_score(command, tmp_path):
    "As a user: the store in one terminal, the crawler in another; Ctrl-C prints the score."
    import re
    import signal
    toys = draw_toys(tmp_path / "toys", 12)
    server = command.start("store", "--port", "0", "--data", toys, "--chaos", "duplicates=0.5,names=0.5", "--score")
    try:
        url = re.search(r"http://\S+", server.stdout.readline()).group()
        explained = command("scrape", url, "--explain")
        assert explained.returncode == 0 and "the sitemap lists the pages" in explained.stdout, explained.stderr
        assert not (tmp_path / "crawl").exists()
        done = command("scrape", url, "--out", tmp_path / "crawl")
        assert done.returncode == 0 and "12 products with 12 pictures" in done.stdout, done.stdout + done.stderr
    finally:
        os.kill(server.pid, signal.SIGINT)
        rest = server.communicate(timeout=30)[0]
    assert "12 of 12 products that could be had were won" in rest and "0 requests that robots.txt forbids" in rest, rest


def test_wrong_words(command, tmp_path):
    said(command("store", "--chaos", "dirp", "--port", "0"), 2, "did you mean 'drip'?")
    said(command("store", "--feed", "magento", "--port", "0"), 2, "no feed 'magento'")
    said(command("scrape", tmp_path, "--out", tmp_path / "x"), 2, "toyhollywood data")
    said(command("scrape", "http://127.0.0.1:1", "--contact", "call me"), 2, "neither an e-mail address")
    said(command("scrape", "http://127.0.0.1:1", "--spec", "toyhollywod"), 2, "did you mean 'toyhollywood'?")
    for words, what in ((("--limit", "-5"), "-5 is not a whole number"), (("--delay", "-1"), "-1 is not a number of seconds"), (("--delay", "nan"), "nan is not a number of seconds")):
        said(command("scrape", "http://127.0.0.1:1", *words), 2, what)
    assert len(FAULTS) >= 10


def test_a_store_that_wants_nobody(command, tmp_path):
    closed = lambda request: (200, {}, b"User-agent: *\nDisallow: /") if request.path == "/robots.txt" else None
    with Store(draw_toys(tmp_path / "toys", 4), faults=closed) as store:
        said(command("scrape", store.url, "--out", tmp_path / "crawl"), 1, "forbids everything", "nothing was collected")


# what must hold for every address and price

text = st.text(st.characters(codec="utf-8"), max_size=40)


@settings(max_examples=300, deadline=None)
@given(text, text)
def test_every_link_is_an_address_or_nothing(base, link):
    for start in ("https://shop.example/a/b?c=1", base):
        tidy = tidy_url(start, link)
        if tidy:
            parts = urlsplit(tidy)
            assert parts.scheme in ("http", "https") and parts.hostname and not parts.fragment
            assert tidy.isascii() or not parts.netloc.isascii()
            assert tidy_url(tidy, "") == tidy_url(tidy, tidy) == tidy, "tidying twice is tidying once"
            site = Site("https://shop.example/")
            assert site.full(site.short(tidy)) == tidy or site.owns(tidy)
            assert isinstance(original(tidy), str) and isinstance(drop_parameters(tidy, "sort|order"), str)


@settings(max_examples=300, deadline=None)
@given(st.decimals(0, 9_999_999, places=2), st.sampled_from([".,", ",.", "' .", " ,"]), st.sampled_from(["${}", "{} €", "EUR {}", "{} PLN", "Price: £{} each"]))
def test_prices_are_read_in_every_notation(price, marks, words):
    thousands, cents = (marks[0], marks[1]) if len(marks) == 2 else (marks[0], marks[2])
    written = f"{price:,.2f}".replace(",", "T").replace(".", "C").replace("T", thousands).replace("C", cents)
    assert parse_price(words.format(written))[0] == float(price)
    assert parse_price(words.format(written))[1] in ("USD", "EUR", "PLN", "GBP")


@settings(max_examples=300, deadline=None)
@given(st.one_of(text, st.text(string.digits + ".,' €$", max_size=20), st.none(), st.floats(0, 1e9)))
def test_no_price_is_a_crash(words):
    number, currency = parse_price(words)
    assert (number is None or number >= 0) and isinstance(currency, str)
