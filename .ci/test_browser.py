"The lasso on the map, in a real browser with no network: loop some toys, save them, and the next stage reads the file."
import json
import os
import shutil
import time

import pytest

BROWSER, DRIVER = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
if not (BROWSER and DRIVER) and not os.environ.get("TOYHOLLYWOOD_BROWSER"):  # continuous integration sets it: there the test must run
    pytest.skip("no Chromium with its driver on this machine (Debian: apt-get install chromium chromium-driver)", allow_module_level=True)


@pytest.fixture
def page(smoke_run, tmp_path):
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--window-size=1300,1000", "--proxy-server=127.0.0.1:9"):
        options.add_argument(word)
    options.add_experimental_option("prefs", {"download.default_directory": str(tmp_path)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        browser.get((smoke_run / "report" / "index.html").as_uri())
        yield browser
    finally:
        browser.quit()


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
