"The result page in a real browser with no network: on a desk and on a phone, by day and by night, clicked through, and sent alone."
import io
import json
import os
import shutil
import statistics
import time
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
from PIL import Image

BROWSER, DRIVER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None), shutil.which("chromedriver")
if not (BROWSER and DRIVER) and not os.environ.get("TOYHOLLYWOOD_BROWSER"):  # continuous integration sets it: there the test must run
    pytest.skip("no Chromium with its driver on this machine (Debian: apt-get install chromium chromium-driver)", allow_module_level=True)


def start(downloads):
    "A browser that reaches nothing but files."
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    assert BROWSER and DRIVER, "TOYHOLLYWOOD_BROWSER is set, and there is no Chromium or no chromedriver on this machine"
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--window-size=1300,1000", "--proxy-server=127.0.0.1:9"):
        options.add_argument(word)
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=Service(DRIVER))


@pytest.fixture
def page(smoke_run, tmp_path):
    browser = start(tmp_path)
    try:
        browser.get((smoke_run / "report" / "index.html").as_uri())
        yield browser
    finally:
        browser.quit()


@pytest.fixture(scope="module")
def screen(tmp_path_factory):
    "One browser for the tests that only look and click."
    browser = start(tmp_path_factory.mktemp("downloads"))
    yield browser
    browser.quit()


def visit(browser, path, width=1280, scheme="light", motion="no-preference"):
    "Open a page on a screen of a width, by day or by night; earlier complaints of the console are forgotten."
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": 844 if width < 500 else 900, "deviceScaleFactor": 1, "mobile": width < 500})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": motion}]})
    browser.get_log("browser")
    browser.set_script_timeout(60)
    browser.get(Path(path).as_uri())
    return browser


def shot(browser, tmp_path, name):
    "A picture of the screen, to be looked at, where TOYHOLLYWOOD_SHOTS says."
    folder = Path(os.environ.get("TOYHOLLYWOOD_SHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    assert browser.save_screenshot(str(folder / f"report-{name}.png"))


def complaints(browser):
    return [line["message"] for line in browser.get_log("browser") if line["level"] == "SEVERE"]


def loop(browser, canvas, corners):
    "Drag around the corners, given as shares of the canvas from its middle."
    from selenium.webdriver.common.action_chains import ActionChains

    width, height = canvas.size["width"], canvas.size["height"]
    at = [(int(width * x), int(height * y)) for x, y in corners]
    drag = ActionChains(browser).move_to_element_with_offset(canvas, *at[0]).click_and_hold()
    for x, y in at[1:]:
        drag = drag.move_to_element_with_offset(canvas, x, y)
    drag.release().perform()


def find(browser, selector):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(browser, 20).until(lambda b: b.find_element(By.CSS_SELECTOR, selector))


def test_lasso(page, smoke_run, tmp_path):
    from toyhollywood.cluster import read_selection
    from toyhollywood.data import Dataset

    canvas = find(page, "#map canvas.view")
    page.execute_script('arguments[0].scrollIntoView({block: "center"})', canvas)
    time.sleep(0.5)
    page.execute_script("arguments[0].click()", find(page, "[data-lasso]"))
    loop(page, canvas, [(-0.35, -0.35), (0.2, -0.35), (0.2, 0.2), (-0.35, 0.2)])
    picked = int("".join(c for c in find(page, ".picked b").text if c.isdigit()))
    page.execute_script("arguments[0].click()", find(page, "[data-save]"))
    saved = tmp_path / "selection.json"
    end = time.monotonic() + 20
    while not saved.exists() and time.monotonic() < end:
        time.sleep(0.1)
    dataset = Dataset.open(smoke_run / "data")
    chosen = read_selection(saved, dataset)
    assert 0 < picked < len(dataset), "a loop over a part of the map takes a part of the toys"
    assert chosen.sum() == picked
    points = {p["file_name"]: (p["x"], p["y"]) for p in json.loads((smoke_run / "cluster" / "map.json").read_text())["points"]}
    inside = [points[name] for name in json.loads(saved.read_text())["file_names"]]
    # what was taken lies together: nothing outside the box around it was left out of the middle of it
    box = [min(x for x, _ in inside), max(x for x, _ in inside), min(y for _, y in inside), max(y for _, y in inside)]
    assert picked == sum(box[0] <= x <= box[1] and box[2] <= y <= box[3] for x, y in points.values())
    page.execute_script("arguments[0].click()", find(page, "[data-clear]"))
    assert "".join(c for c in find(page, ".picked b").text if c.isdigit()) in ("", "0")
    assert not [line for line in page.get_log("browser") if line["level"] == "SEVERE"]


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_desk_and_phone_by_day_and_night(screen, smoke_run, width, scheme, tmp_path):
    visit(screen, smoke_run / "report" / "index.html", width, scheme)
    assert screen.execute_script("return document.documentElement.scrollWidth") <= width, "nothing is wider than the screen"
    seen = Image.open(io.BytesIO(screen.get_screenshot_as_png())).convert("L")
    paper = seen.getpixel((4, 4))
    assert paper > 220 if scheme == "light" else paper < 60, "paper by day, night by night"
    assert seen.getextrema()[1] - seen.getextrema()[0] > 150, "there is something to read"
    assert find(screen, ".chain .upright" if width < 500 else ".chain .lying").is_displayed()
    shot(screen, tmp_path, f"{width}-{scheme}-top")
    find(screen, "#the-map").location_once_scrolled_into_view
    find(screen, "#map[data-ready]")
    time.sleep(0.5)
    shot(screen, tmp_path, f"{width}-{scheme}-map")
    for part in ("new-toys", "cost"):
        screen.execute_script("arguments[0].scrollIntoView({behavior: 'instant'})", find(screen, f"#{part}"))
        time.sleep(0.3)
        shot(screen, tmp_path, f"{width}-{scheme}-{part}")
    assert not complaints(screen)


def test_small_and_quick(screen, smoke_run):
    from toyhollywood.webpage import outside_links

    page = smoke_run / "report" / "index.html"
    assert page.stat().st_size < 10e6
    assert not outside_links(page.read_text(encoding="utf8"))
    times = []
    for _ in range(5):  # the map is made when somebody comes near: until the page can be touched, and then until the map can
        visit(screen, page)
        there = screen.execute_script("return performance.getEntriesByType('navigation')[0].domInteractive")
        times.append(there + screen.execute_async_script("""const done = arguments[0], box = document.getElementById('map'), start = performance.now(); box.scrollIntoView();
            (function look() { 'ready' in box.dataset ? done(performance.now() - start) : requestAnimationFrame(look); })()"""))
    assert statistics.median(times) < 2000, f"interactive with its map after {times} ms"


def on_map(browser, path, **how):
    visit(browser, path, **how)
    find(browser, "#map").location_once_scrolled_into_view
    find(browser, "#map[data-ready]")
    time.sleep(0.5)
    return find(browser, "#map canvas.view")


def shown(browser):
    return int((find(browser, "[data-shown]").text.split() or ["0"])[0])


def press(browser, selector, word):
    from selenium.webdriver.common.by import By

    button = next(b for b in browser.find_elements(By.CSS_SELECTOR, selector) if b.text.startswith(word))
    browser.execute_script("arguments[0].click()", button)


def test_filters_by_class_and_by_cluster(screen, smoke_run):
    on_map(screen, smoke_run / "report" / "index.html")
    points = json.loads((smoke_run / "cluster" / "map.json").read_text())["points"]
    name, cluster = points[0]["class"], points[0]["cluster"]
    press(screen, ".chips button", name)
    assert shown(screen) == sum(p["class"] == name for p in points)
    press(screen, "[data-by]", "By cluster")
    press(screen, ".chips button", f"{cluster} ")
    both = sum(p["class"] == name and p["cluster"] == cluster for p in points)
    assert shown(screen) == both and name in find(screen, "[data-shown]").text
    search = find(screen, ".filters input")
    search.send_keys("zyxwv")
    assert find(screen, "[data-shown]").text.startswith("0 of ")
    press(screen, "[data-all]", "Show all")
    assert find(screen, "[data-shown]").text == "" and search.get_attribute("value") == ""
    assert not complaints(screen)


def test_pointing_at_a_toy_shows_it(screen, smoke_run):
    from selenium.webdriver.common.action_chains import ActionChains

    canvas = on_map(screen, smoke_run / "report" / "index.html")
    data = json.loads(screen.execute_script("return document.getElementById('map-data').textContent"))
    i = min(range(len(data["x"])), key=lambda i: (data["x"][i] - 0.5) ** 2 + (data["y"][i] - 0.4) ** 2)
    width, height = canvas.size["width"], canvas.size["height"]
    ActionChains(screen).move_to_element_with_offset(canvas, int((data["x"][i] - 0.5) * 0.92 * width), int((data["y"][i] - 0.5) * 0.9 * height)).perform()
    tip = find(screen, "#tip")
    assert tip.is_displayed() and tip.text.split("\n")[0] in data["title"]
    inks = screen.execute_script("const c = document.querySelector('#tip canvas'); return new Set(c.getContext('2d').getImageData(0, 0, c.width, c.height).data).size")
    assert inks > 30, "the thumbnail shows a toy"
    canvas.send_keys("n")
    assert tip.is_displayed() and not complaints(screen)


def test_every_figure_leads_to_its_notebook(screen, smoke_run):
    page = smoke_run / "report" / "index.html"
    visit(screen, page)
    links = screen.execute_script("return [...document.querySelectorAll('a[href]')].map(a => [a.href.baseVal || a.getAttribute('href'), a.dataset.beside || ''])")
    there = [(page.parent / unquote(urlparse(address).path)).resolve() for pair in links for address in pair if address and not address.startswith("#")]
    assert len(there) > 20 and all(path.is_file() and smoke_run in path.parents for path in there), [p for p in there if not p.is_file()]
    assert screen.execute_script("return [...document.querySelectorAll('figure')].every(f => f.querySelector('figcaption a'))")
    screen.execute_script("document.querySelector('figure figcaption a').click()")
    end = time.monotonic() + 10
    while "index.html" in screen.current_url and time.monotonic() < end:
        time.sleep(0.1)
    assert "/notebook." in screen.current_url


def test_executed_notebooks_lead_on_and_keep_their_tables(screen, smoke_run):
    from bs4 import BeautifulSoup

    pages = sorted(smoke_run.glob("*/notebook.html"))
    assert len(pages) > 12
    tables = {}
    for page in pages:
        soup = BeautifulSoup(page.read_text(encoding="utf8"), "html.parser")
        found = [e[name] for e in soup.find_all(True) for name in ("href", "src") if e.get(name)]
        beside = [address for address in found if not address.startswith(("https://", "data:", "#"))]
        dead = [address for address in beside if not (page.parent / unquote(urlparse(address).path)).is_file()]
        assert not dead and not [e for e in soup("img") if not e["src"].startswith("data:")], (page, dead)
        assert "Markdown object" not in soup.text, page
        tables[page.parent.name] = len(soup("table"))
    assert tables["cluster"] > 0 and tables["mapper"] > 1, tables
    assert "../stylegan2/notebook.html" in (smoke_run / "mapper" / "notebook.html").read_text(encoding="utf8")
    visit(screen, smoke_run / "cluster" / "notebook.html", 390)
    assert screen.execute_script("return document.documentElement.scrollWidth") <= 390 and not complaints(screen)


def test_sent_alone(screen, smoke_run, tmp_path):
    "Without its run the page still shows everything, and a link says where its notebook is instead of failing."
    shutil.copyfile(smoke_run / "report" / "index.html", tmp_path / "from a friend.html")
    visit(screen, tmp_path / "from a friend.html")
    pictures, end = "[...document.images].filter(i => !i.closest('dialog'))", time.monotonic() + 20
    while not screen.execute_script(f"return {pictures}.every(i => i.complete)") and time.monotonic() < end:
        time.sleep(0.1)
    assert screen.execute_script(f"return [{pictures}.length, {pictures}.filter(i => !i.complete || !i.naturalWidth).map(i => i.alt)]")[1] == []
    # a figure's link, a box of the drawn chain, and the link of a stage that has no picture to ask for
    screen.execute_script("const bare = document.querySelector('#cost a.nb'); delete bare.dataset.beside; bare.closest('details').open = true")
    for link in ("figure figcaption a", ".chain .lying a", "#cost a.nb"):
        screen.execute_script("document.querySelector(arguments[0]).dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}))", link)
        note = find(screen, "dialog.alone[open]")
        assert "travels alone" in note.text and "/notebook." in note.text and "friend.html" in unquote(screen.current_url), link
        shot(screen, tmp_path, "alone")
        screen.execute_script("document.querySelector('dialog.alone button').click()")
        assert not note.is_displayed()


def test_figures_and_the_map_by_keyboard(screen, smoke_run):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    visit(screen, smoke_run / "report" / "index.html")
    screen.execute_script("document.querySelector('#families h2').setAttribute('tabindex', -1); document.querySelector('#families h2').focus()")
    at = "return [document.activeElement.className, document.activeElement.getAttribute('aria-label') || '', getComputedStyle(document.activeElement).outlineStyle]"
    ActionChains(screen).send_keys(Keys.TAB).perform()
    name, words, ring = screen.execute_script(at)
    assert name == "zoom" and words.startswith("show large: ") and ring != "none", (name, words, ring)
    ActionChains(screen).send_keys(Keys.ENTER).perform()
    large = find(screen, "dialog.large[open] img")
    assert large.get_attribute("alt") and f"show large: {large.get_attribute('alt')}" == words and int(large.get_attribute("naturalWidth")) > 100
    ActionChains(screen).send_keys(Keys.ESCAPE).perform()
    assert not screen.execute_script("return document.querySelector('dialog.large').open") and screen.execute_script(at)[:2] == [name, words], "the keyboard is where it was"
    roles = screen.execute_script("return [document.querySelector('#map canvas.view').getAttribute('role'), ...[...document.querySelectorAll('.chain svg')].map(s => s.getAttribute('role'))]")
    assert roles == ["application", "group", "group"]
    assert not complaints(screen)


def test_films_sliders_and_large_figures(screen, smoke_run):
    visit(screen, smoke_run / "report" / "index.html", motion="reduce")
    moving = "return [...document.querySelectorAll('.film')].map(f => f.currentSrc.slice(5, 15))"
    time.sleep(0.5)
    films = screen.execute_script(moving)
    assert films and set(films) == {"image/jpeg"}, "who asked for less motion gets stills"
    press(screen, "[data-films]", "Play")
    time.sleep(0.5)
    assert set(screen.execute_script(moving)) == {"image/webp"}
    cut = "const i = document.querySelector('.slide input'); i.value = 20; i.dispatchEvent(new Event('input')); return getComputedStyle(i.parentElement).getPropertyValue('--cut').trim()"
    assert screen.execute_script(cut) == "20%"
    screen.execute_script("document.querySelector('figure img').click()")
    large = find(screen, "dialog.large[open]")
    large.click()
    assert not large.is_displayed() and not complaints(screen)


def test_two_runs_on_a_phone(screen, command, smoke_run, tmp_path):
    "The comparison hides no run behind a sideways scroll, has no Fréchet distance of few pictures and no raw names; figures with words in them keep a size that can be read."
    run = shutil.copytree(smoke_run, tmp_path / "again", symlinks=True)
    done = command("report", "--run", run, "--compare", smoke_run)
    assert done.returncode == 0 and not done.stderr, done.stderr
    visit(screen, run / "report" / "index.html", 390)
    assert screen.execute_script("return document.documentElement.scrollWidth") <= 390
    rows = screen.execute_script("return [...document.querySelectorAll('#two-runs table.stacked')].filter(t => t.offsetParent).flatMap(t => [...t.querySelectorAll('tbody td')]).map(c => [c.textContent, c.dataset.head, c.getBoundingClientRect().right, getComputedStyle(c, '::before').content])")
    assert len(rows) > 30 and all(right <= 390 and head and head in before for _, head, right, before in rows), [r for r in rows if r[2] > 390][:5]
    assert {head for _, head, *_ in rows} >= {"again", smoke_run.name, "difference"}
    words = screen.execute_script("return document.querySelector('#two-runs').textContent")
    assert "frechet" not in words and "_distance" not in words and "Fréchet distance of fewer than" in words and "StyleGAN2: kernel distance, judged by" in words
    seen = screen.execute_script("return [...document.querySelectorAll('#families figure.wide')].filter(f => f.offsetParent).map(f => { const i = f.querySelector('img'), box = f.querySelector('.sideways'); return [i.clientWidth >= i.naturalWidth, box.scrollWidth > box.clientWidth, f.querySelector('.hint').offsetHeight > 0]; })")
    assert len(seen) >= 2 and all(all(f) for f in seen), seen
    screen.execute_script("document.querySelector('#two-runs table').scrollIntoView()")
    shot(screen, tmp_path, "two-runs-390")
    visit(screen, run / "report" / "index.html")
    assert screen.execute_script("return [...document.querySelectorAll('.hint')].every(h => !h.offsetHeight) && getComputedStyle(document.querySelector('#two-runs tr')).display == 'table-row'"), "a desk has its tables as they were"
    assert not complaints(screen)


def test_a_damaged_stage_is_named_with_the_command_that_mends_it(screen, command, smoke_run, tmp_path):
    run = shutil.copytree(smoke_run, tmp_path / "torn", symlinks=True)
    (run / "mapper/metrics.json").write_text('{"half')
    (run / "clip/metrics.json").write_text("[]")
    done = command("report", "--run", "torn", cwd=tmp_path)
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert done.returncode == 0 and len(lines) == 2 and "the result page" in done.stdout, done.stderr
    visit(screen, run / "report" / "index.html")
    notes = find(screen, ".standing").text
    for stage in ("clip", "mapper"):
        for said in ("".join(line for line in lines if f"{stage}/metrics.json" in line), notes):
            assert f"{stage}/metrics.json" in said and f"remove it and give toyhollywood run --stages {stage} --out torn" in said.replace("  ", " "), said
    assert "same command" not in notes and str(tmp_path) not in notes
