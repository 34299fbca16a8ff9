"The playground in a real browser with no network: every tab, a drawing that is downloaded and drawn again, a photo, a narrow screen; two users at once; uploads that are none."
import json
import os
import shutil
import socket
import struct
import tempfile
import threading
import time
import zlib
from pathlib import Path

import pytest
from conftest import said
from PIL import Image, ImageDraw

pytest.importorskip("gradio", reason="the playground needs gradio: pip install 'toyhollywood[play]'")
BROWSER, DRIVER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None), shutil.which("chromedriver")
FIRST = "const i = [...document.querySelectorAll('.result img')].find(i => i.offsetParent); return i && i.src"  # the first picture that is seen
TABS = ("Explore", "Generate", "Blend", "Edit", "Photo to toy", "Text to toy")


def opened(command, run):
    "A playground on a free port, and its address."
    process = command.start("play", "--run", run, "--port", "0", "--no-open")
    timer = threading.Timer(180, process.kill)
    timer.start()
    line = ""
    for line in process.stdout:
        if "is open at " in line:
            break
    timer.cancel()
    assert "is open at " in line, line
    return process, line.split("is open at ")[1].strip()


def closed(process):
    "What a playground said until it was ended, by its process id; it says that too."
    process.terminate()
    rest = process.communicate(timeout=30)[0]
    assert process.returncode == 0 and rest.rstrip().endswith("closed"), rest
    return rest


@pytest.fixture(scope="module")
def playground(command, smoke_run):
    before = set(Path(tempfile.gettempdir()).glob("toyhollywood-play-*"))
    process, url = opened(command, smoke_run)
    yield url
    mine = set(Path(tempfile.gettempdir()).glob("toyhollywood-play-*")) - before
    print(closed(process))
    assert mine and not any(folder.exists() for folder in mine), "uploads and drawings are gone when the playground closes"


@pytest.fixture
def page(playground, tmp_path):
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    if not (BROWSER and DRIVER) and not os.environ.get("TOYHOLLYWOOD_BROWSER"):
        pytest.skip("no Chromium with its driver on this machine (Debian: apt-get install chromium chromium-driver)")
    assert BROWSER and DRIVER, "TOYHOLLYWOOD_BROWSER is set, and there is no Chromium or no chromedriver on this machine"
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--window-size=1360,1000", "--proxy-server=127.0.0.1:9"):
        options.add_argument(word)
    options.add_experimental_option("prefs", {"download.default_directory": str(tmp_path)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        browser.get(playground)
        yield browser
    finally:
        browser.quit()


def until(browser, what, seconds=180):
    "What a script of the page gives when it gives something."
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(browser, seconds).until(lambda b: b.execute_script(what))


def go_to(browser, name):
    button = until(browser, f"return [...document.querySelectorAll('button[role=tab]')].find(b => b.textContent.trim() == '{name}' && b.offsetParent)")
    browser.execute_script("arguments[0].click()", button)
    until(browser, f"return [...document.querySelectorAll('button[role=tab][aria-selected=true]')].some(b => b.textContent.trim() == '{name}')")


def answered(browser):
    "The open tab's answer, when it is there: what it says below its pictures."
    return until(browser, "const p = [...document.querySelectorAll('.result .took')].find(p => p.offsetParent); return p && p.closest('.result').querySelector('img') && p.textContent")


def shot(browser, folder, name):
    "A picture of the page, kept where TOYHOLLYWOOD_SHOTS says, for people to look at."
    folder = Path(os.environ.get("TOYHOLLYWOOD_SHOTS") or folder)
    assert browser.save_screenshot(str(folder / f"play-{name}.png"))


def control(browser, label):
    "The visible field with a label."
    return until(browser, f"""return [...document.querySelectorAll('input, textarea')].find(e => e.offsetParent && ((e.labels && [...e.labels].some(l => l.textContent.trim().startsWith('{label}'))) || (e.getAttribute('aria-label') || '').startsWith('{label}')))""")


def press(browser, word):
    browser.execute_script("arguments[0].click()", until(browser, f"return [...document.querySelectorAll('button')].find(b => b.offsetParent && b.getAttribute('role') != 'tab' && b.textContent.trim() == '{word}' && !b.disabled)"))


def downloaded(folder, pattern, seconds=30):
    "The file that a press on a button brought."
    end, found = time.monotonic() + seconds, []
    while not found and time.monotonic() < end:
        time.sleep(0.2)
        found = [f for f in folder.glob(pattern) if f.stat().st_size]
    assert found, f"no {pattern} came: {list(folder.iterdir())}"
    return found[0]


def choose(browser, label, word):
    "One of the circles of a group that has a label."
    browser.execute_script("arguments[0].click()", until(browser, f"""const box = [...document.querySelectorAll('fieldset')].find(f => f.offsetParent && f.textContent.trim().startsWith('{label}'));
        const choice = box && [...box.querySelectorAll('label')].find(l => l.textContent.trim() == '{word}'); return choice && choice.querySelector('input')"""))


def typed(field, text):
    from selenium.webdriver.common.keys import Keys

    field.send_keys(Keys.CONTROL, "a")
    field.send_keys(text)


def photo_file(path):
    photo = Image.new("RGB", (500, 600), "white")
    ImageDraw.Draw(photo).ellipse((100, 80, 400, 560), fill="orange")
    photo.save(path)
    return path


def clean(browser, url):
    "Nothing went wrong in the browser, and nobody else was asked for anything."
    assert not [line for line in browser.get_log("browser") if line["level"] == "SEVERE"]
    asked = [json.loads(line["message"])["message"] for line in browser.get_log("performance")]
    asked = {m["params"]["request"]["url"] for m in asked if m["method"] == "Network.requestWillBeSent"}
    assert len(asked) > 5 and not [a for a in asked if not a.startswith((url, "data:", "blob:"))], asked


def room_enough(browser):
    "No control scrolls by itself, no word of a button is broken, the arrow of a list stays clear of its text, sliders say how far they go, and no untranslated key stands in the page."
    seen = "[...document.querySelectorAll('.gradio-container {}')].filter(e => e.offsetParent)"
    assert not browser.execute_script(f"return {seen.format('.block')}.filter(e => /auto|scroll/.test(getComputedStyle(e).overflow) && (e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight)).map(e => e.innerText)")
    heights = browser.execute_script(f"return {seen.format('.halves .row button')}.map(e => e.offsetHeight)")
    assert len(set(heights)) < 2, heights
    assert browser.execute_script(f"return {seen.format('.secondary-wrap')}.every(e => {{ const i = e.querySelector('input'), a = e.querySelector('.icon-wrap'); return !i || !a || i.getBoundingClientRect().right - parseFloat(getComputedStyle(i).paddingRight) <= a.getBoundingClientRect().left; }})")
    assert browser.execute_script(f"return {seen.format('input[type=range]')}.every(i => [...i.parentElement.children].filter(e => e.offsetWidth && e.textContent.trim()).length == 2)")
    assert "common." not in browser.execute_script("return document.body.innerText + [...document.querySelectorAll('[aria-live]')].map(e => e.textContent)")


def test_every_tab(page, playground, tmp_path):
    until(page, "const f = document.querySelector('iframe.map'); return f && f.contentDocument && f.contentDocument.querySelector('canvas.view') && f.offsetHeight > 500")
    assert until(page, "return document.querySelector('iframe.map').previousElementSibling.hidden"), "the word that it loads is gone when the map is there"
    shot(page, tmp_path, "explore")
    room_enough(page)
    fields = page.execute_script("const inner = document.querySelector('iframe.map').contentDocument; return [inner.querySelector('.filters label').textContent, [...document.querySelectorAll('label')].find(l => l.offsetParent && l.textContent.includes('Look for')).textContent]")
    assert "titles" in fields[0] and "CLIP" in fields[1], fields
    for name in TABS[1:]:
        go_to(page, name)
        assert " s" in answered(page)
        shot(page, tmp_path, name.split()[0].lower())
        room_enough(page)
        assert not until(page, "return [[...document.querySelectorAll('.note')].filter(p => p.offsetParent && /went wrong|toyhollywood run/.test(p.textContent)).map(p => p.textContent)]")[0]
        # every control says what it is, and shows where the keyboard is
        nameless = page.execute_script("""return [...document.querySelectorAll('input:not([type=file]), textarea, select, button')].filter(e => e.offsetParent && !e.getAttribute('aria-label') && !e.title
            && !(e.labels && [...e.labels].some(l => l.textContent.trim())) && !e.textContent.trim()).map(e => e.outerHTML.slice(0, 200))""")
        assert not nameless, nameless
    clean(page, playground)


def test_a_drawing_comes_home_and_is_drawn_again(page, playground, command, smoke_run, tmp_path):
    from toyhollywood.drawing import read_recipe
    from toyhollywood.results import generators

    model = generators(smoke_run)[0]  # nobody chose another
    go_to(page, "Generate")
    answered(page)
    typed(control(page, "Seed of the first"), "21")
    press(page, "Draw")
    until(page, "return [...document.querySelectorAll('figcaption')].some(c => c.textContent == 'seed 21')")
    press(page, "Download the PNG")
    drawing = downloaded(tmp_path, f"{model}-seed21-*.png")
    recipe = read_recipe(drawing)
    assert (recipe["seed"], recipe["n"], recipe["model"]) == (21, 4 if model == "diffusion" else 16, model) and not recipe["run"].startswith("/")
    drawn_again(command, drawing, smoke_run)
    small = until(page, "return [...document.querySelectorAll('.result img')].filter(i => i.offsetParent && i.naturalWidth).map(i => i.src)[0]")
    choose(page, "Shown", "enlarged by the run’s own network")
    until(page, "return [...document.querySelectorAll('.result .took')].some(p => p.offsetParent && p.textContent.includes('the PNG has them as they were drawn'))")
    assert until(page, "return [...document.querySelectorAll('.result img')].filter(i => i.offsetParent && i.naturalWidth).map(i => i.src)[0]") != small
    shot(page, tmp_path, "superres")
    clean(page, playground)


def drawn_again(command, picture, run):
    done = command("sample", "--replay", picture, "--run", run)
    assert done.returncode == 0 and "the same in every pixel" in done.stdout, done.stderr


def test_a_photo_is_blended_and_a_toy_edited_and_both_are_drawn_again(page, playground, command, smoke_run, tmp_path):
    go_to(page, "Blend")
    answered(page)
    choose(page, "First toy", "a held-out photo")
    press(page, "Blend")
    until(page, "return [...document.querySelectorAll('figcaption')].some(c => c.offsetParent && c.textContent.startsWith('the photo: '))")
    shot(page, tmp_path, "blend-photo")
    press(page, "Download the PNG")
    drawn_again(command, downloaded(tmp_path, "blend*.png"), smoke_run)
    go_to(page, "Edit")
    answered(page)
    before = until(page, FIRST)
    typed(control(page, "Seed"), "5\n")
    until(page, "return [...document.querySelectorAll('figcaption')].some(c => c.offsetParent && c.textContent == 'seed 5')")
    assert until(page, FIRST) != before
    typed(control(page, "number input for Strength"), "-3\t")
    press(page, "Edit")
    until(page, "return [...document.querySelectorAll('figcaption')].some(c => c.offsetParent && c.textContent == 'the same, -3.0')")
    heading = "return [...document.querySelectorAll('.result h3')].find(h => h.offsetParent).textContent"
    first = until(page, heading)
    control(page, "Direction").click()
    until(page, "const second = [...document.querySelectorAll('[role=option]')].filter(e => e.offsetParent)[1]; if (second) second.dispatchEvent(new MouseEvent('mousedown', {bubbles: true})); return !!second")
    until(page, f"return [...document.querySelectorAll('.result h3')].some(h => h.offsetParent && h.textContent != {json.dumps(first)})")
    shot(page, tmp_path, "edit-moved")
    press(page, "Download the PNG")
    drawn_again(command, downloaded(tmp_path, "edit-seed5*.png"), smoke_run)
    clean(page, playground)


def test_words_are_drawn_again_and_a_photo_is_asked_for(playground, command, smoke_run, tmp_path):
    from gradio_client import Client, handle_file

    client = Client(playground, verbose=False, download_files=str(tmp_path))
    answer = client.predict("man with black hair", "mapper", 2, 3, 20, 2, api_name="/text_to_toy")
    drawn_again(command, path_of(answer[1]), smoke_run)
    answer = client.predict(handle_file(photo_file(tmp_path / "my photo.png")), 2, 0, 3, api_name="/photo_to_toy")
    said(command("sample", "--replay", path_of(answer[1]), "--run", smoke_run), 2, "drawn from a photo", "toyhollywood map PHOTO --n 2 --seed 3")


def path_of(update):
    "The file in what Gradio's client gives for a button."
    value = update.get("value", update) if isinstance(update, dict) else update
    return value["path"] if isinstance(value, dict) else value


def test_another_name_of_this_machine_is_refused(playground):
    import requests

    for path in ("", "map", "gradio_api/info"):
        asked = {host: requests.get(playground + path, headers={"Host": host}, timeout=30).status_code for host in ("evil.example", "127.0.0.1.evil.example:80", "localhost")}
        assert list(asked.values()) == [421, 421, 200], (path, asked)
    assert requests.post(f"{playground}gradio_api/call/search", json={"data": ["red"]}, headers={"Host": "evil.example", "Origin": "http://evil.example"}, timeout=30).status_code == 421


def test_what_comes_is_said_before_it_is_there(page, playground):
    page.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": "window.said = new Set(); new MutationObserver(() => document.querySelectorAll('[role=status], [aria-live]').forEach(e => { if (e.offsetParent && getComputedStyle(e.parentElement).opacity == 1 && e.textContent.trim()) window.said.add(e.textContent.trim().slice(0, 60)); })).observe(document, {childList: true, subtree: true, characterData: true, attributes: true})"})
    page.refresh()
    until(page, "const f = document.querySelector('iframe.map'); return f && f.previousElementSibling.hidden")
    assert until(page, "return [...window.said].some(s => s.startsWith('The map is loading'))")
    go_to(page, "Photo to toy")
    answered(page)
    assert until(page, "return [...window.said].some(s => s.startsWith('Loading: opening a model'))")
    assert until(page, "return [...window.said].includes('Done')"), "a screen reader hears a word and no key"
    assert "colours and little else" in until(page, "return [...document.querySelectorAll('.expect')].find(p => p.offsetParent).textContent")


def test_long_work_is_stopped(page, playground, tmp_path):
    go_to(page, "Photo to toy")
    answered(page)
    typed(control(page, "number input for Steps of refinement"), "200\t")
    press(page, "Make a toy of it")
    until(page, "return [...document.querySelectorAll('.progress-text, .meta-text, .eta-bar, .generating')].some(e => e.offsetParent)")
    time.sleep(2)
    press(page, "Stop")
    until(page, "return [...document.querySelectorAll('.result .note')].some(p => p.offsetParent && p.textContent == 'Stopped.')", 20)
    shot(page, tmp_path, "stopped")
    typed(control(page, "number input for Steps of refinement"), "0\t")
    press(page, "Make a toy of it")
    assert "drawn" in answered(page)
    clean(page, playground)


def test_search_and_film_and_photo(page, playground, tmp_path):
    typed(control(page, "Look for, in words"), "red robot\n")
    assert "toys searched" in answered(page)
    go_to(page, "Blend")
    answered(page)
    press(page, "Film")
    until(page, "return [...document.querySelectorAll('.result img')].some(i => i.src.startsWith('data:image/webp') && i.naturalWidth >= 256)")
    press(page, "Download the film")
    with Image.open(downloaded(tmp_path, "blend*.webp")) as film:
        assert film.n_frames > 10 and film.format == "WEBP"
    go_to(page, "Photo to toy")
    answered(page)
    before = until(page, FIRST)
    assert page.execute_script("const b = [...document.querySelectorAll('button')].find(b => b.offsetParent && /clear|remove/i.test(b.getAttribute('aria-label') || b.title || '')); if (b) b.click(); return !!b"), "a photo can be taken away again"
    field = until(page, "return [...document.querySelectorAll('input[type=file]')].find(e => e.closest('.block') && e.closest('.block').offsetParent)")
    field.send_keys(str(photo_file(tmp_path / "my photo.png")))
    until(page, f"const now = (() => {{ {FIRST} }})(); return now && now != {json.dumps(before)}")
    assert "drawn" in answered(page)
    shot(page, tmp_path, "upload")
    clean(page, playground)


def test_a_narrow_screen_and_the_keyboard(page, playground, tmp_path):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True})
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})
    page.refresh()
    for name in TABS:
        go_to(page, name)
        if name != "Explore":
            answered(page)
        assert page.execute_script("return document.documentElement.scrollWidth") <= 390, name
        room_enough(page)
        shot(page, tmp_path, f"narrow-{name.split()[0].lower()}")
    assert until(page, "return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")[0] < 60, "dark where the person's screen is dark"
    page.execute_script("document.activeElement.blur(); window.scrollTo(0, 0)")
    reached = []
    for _ in range(40):
        ActionChains(page).send_keys(Keys.TAB).perform()
        word, ring = page.execute_script("const e = document.activeElement; return [e.textContent.trim() || e.getAttribute('aria-label') || e.type, getComputedStyle(e).outlineStyle]")
        reached.append(word)
        assert ring != "none", f"the keyboard is at {word!r}, and nothing shows it"
        if word == "Draw":
            break
    assert reached[-1] == "Draw", reached
    clean(page, playground)


def test_two_users_at_once(playground):
    from gradio_client import Client

    answers = {}

    def user(seed):
        answers[seed] = Client(playground, verbose=False).predict("stylegan2", seed, 4, 0.7, 5, 2, "", "", "smooth", api_name="/generate")

    users = [threading.Thread(target=user, args=(seed,)) for seed in (100, 200)]
    for u in users:
        u.start()
    for u in users:
        u.join(120)
    for seed, answer in answers.items():
        assert f"seed {seed + 3}" in answer[0] and f"stylegan2-seed{seed}-4.png" in str(answer[1]), answer
    assert len(answers) == 2


def bomb(path, side=60_000):
    "A small PNG that says it is enormous."
    chunk = lambda name, data: struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))  # noqa: E731
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b""))
    return path


def test_uploads_that_are_none(playground, tmp_path):
    import requests
    from gradio_client import Client, handle_file

    client = Client(playground, verbose=False)
    ask = lambda path: client.predict(handle_file(path), 2, 0, 0, api_name="/photo_to_toy")[0]  # noqa: E731
    text = tmp_path / "<img src=x onerror=alert(1)>.png"
    text.write_text("no picture")
    found = ask(text)
    assert "cannot be used: text, not a picture" in found and "<img src=x" not in found and str(tmp_path) not in found and tempfile.gettempdir() not in found
    assert "cannot be used" in ask(bomb(tmp_path / "bomb.png"))
    assert "<img" in ask(photo_file(tmp_path / "fine.png"))
    (tmp_path / "large.png").write_bytes(b"\x89PNG" + bytes(21 * 2**20))
    with pytest.raises(Exception, match="(?i)413|size|large"):
        ask(tmp_path / "large.png")
    own = {"path": str(Path(__file__).resolve()), "meta": {"_type": "gradio.FileData"}}  # a path of the server's own is no upload
    for verb, data in (("photo_to_toy", [own, 2, 0, 0]), ("search", [own])):
        event = requests.post(f"{playground}gradio_api/call/{verb}", json={"data": data}, timeout=30).json()["event_id"]
        assert "event: error" in requests.get(f"{playground}gradio_api/call/{verb}/{event}", timeout=60).text
    assert "seed is -1" in client.predict("stylegan2", -1, 4, 0.7, 5, 2, "", "", "smooth", api_name="/generate")[0]


def test_uploads_under_hostile_names(playground, tmp_path):
    "A name that a stranger gave decides nothing about where a file lies or what the page says."
    import requests

    good = photo_file(tmp_path / "fine.png").read_bytes()
    names = ("../../climbs.png", "/tmp/absolute.png", "..\\..\\windows.png", "%2e%2e%2fescaped.png", "-rf.png", "<img src=x onerror=alert(1)>.png", "x" * 300 + ".png", "con.png", "\u202egpj.png", ".htaccess", "a\tb.png")
    taken = 0
    for name in names:
        answer = requests.post(f"{playground}gradio_api/upload", files={"files": (name, good, "image/png")}, timeout=30)
        assert answer.status_code < 500, (name, answer.text)
        if answer.status_code != 200:
            continue
        path = Path(answer.json()[0])
        assert ".." not in path.parts and path.resolve().parent.parent.parent.name.startswith("toyhollywood-play-") and path.read_bytes() == good, path
        event = requests.post(f"{playground}gradio_api/call/photo_to_toy", json={"data": [{"path": str(path), "meta": {"_type": "gradio.FileData"}}, 1, 0, 0]}, timeout=30).json()["event_id"]
        said = requests.get(f"{playground}gradio_api/call/photo_to_toy/{event}", timeout=120).text
        assert "event: complete" in said and "onerror=alert(1)>" not in said, (name, said[:300])
        taken += 1
    assert taken >= 5 and not Path("/tmp/absolute.png").exists() and not (tmp_path.parent.parent / "climbs.png").exists()


def test_only_this_machine_is_let_in(playground):
    import psutil

    port = int(playground.rstrip("/").rpartition(":")[2])
    assert {c.laddr.ip for c in psutil.net_connections("inet") if c.status == psutil.CONN_LISTEN and c.laddr.port == port} == {"127.0.0.1"}


def test_a_damaged_run(command, smoke_run, tmp_path):
    import requests
    from gradio_client import Client

    run = shutil.copytree(smoke_run, tmp_path / "run", symlinks=True)
    (run / "mapper/metrics.json").write_text('{"half')
    (run / "cluster/map.json").write_text("[1, 2]")
    weights = run / "stylegan2/model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    shutil.rmtree(run / "clip")
    process, url = opened(command, run)
    try:
        page = requests.get(url, timeout=30).text
        assert "mapper/metrics.json is broken" in page.replace("\\/", "/") and "toyhollywood run --stages clip --out" in page
        assert "is not a map" in requests.get(url + "map", timeout=30).text
        client = Client(url, verbose=False)
        assert "train the stage again" in client.predict("stylegan2", 0, 4, 0.7, 5, 2, "", "", "smooth", api_name="/generate")[0]
        assert "<img" in client.predict("fastgan", 0, 4, 0.7, 5, 2, "", "", "smooth", api_name="/generate")[0]
    finally:
        assert "Traceback" not in closed(process)


def test_a_clip_that_lost_its_weights_takes_names_and_nothing_else(command, smoke_run, tmp_path):
    from gradio_client import Client
    from gradio_client.exceptions import AppError

    run = shutil.copytree(smoke_run, tmp_path / "run", symlinks=True)
    weights = run / "clip/model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    process, url = opened(command, run)
    try:
        client = Client(url, verbose=False)
        answer = client.predict(2, 1, 2.0, 0.7, api_name="/edit")[0]
        assert "have numbers and no names" in answer and answer.count("<img") == 9
        assert "train the stage again" in client.predict("red", api_name="/search")[0]
        for wrong in (None, 1e9, -11):  # a slider of Gradio's refuses these before they come to us
            with pytest.raises(AppError):
                client.predict(2, 1, wrong, 0.7, api_name="/edit")
    finally:
        assert "toyhollywood/play.py" not in closed(process)  # what Gradio refuses it also prints


def test_wrong_calls(command, smoke_run, tmp_path):
    said(command("play", "--run", tmp_path / "nowhere"), 2, "there is no run folder", "toyhollywood run --out")
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        said(command("play", "--run", smoke_run, "--port", s.getsockname()[1]), 2, "is in use by another program", "--port")
    said(command("play", "--run", smoke_run, "--host", "192.0.2.1", "--port", "0"), 2, "no address of this machine")
    assert "example:" in command("play", "--help").stdout
