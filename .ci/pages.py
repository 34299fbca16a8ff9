"Puts what a real run left where readers see it: outputs of the executed stage notebooks into nbs/, figures and metrics into assets/. Usage: python .ci/pages.py runs/demo [only these stages]"
import base64
import io
import json
import sys
from pathlib import Path

from PIL import Image

from toyhollywood.chain import CHAIN, stage_notebook, write_chain
from toyhollywood.results import read_records, read_run, shown_source, write_results

root = Path(__file__).resolve().parent.parent
run = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/demo")
only = sys.argv[2:]


def source(cell):
    return "".join(cell["source"])


def without_paths(outputs):
    "What a reader wants to see: no warnings of libraries, and paths as they are below the run's checkout."
    kept = json.dumps([o for o in outputs if o.get("name") != "stderr"])
    for above in (run.resolve().parent.parent, root):
        if len(above.parts) > 1:  # of a run in /tmp that would be "/", and pictures are written with slashes
            kept = kept.replace(f"{above}/", "")
    return json.loads(kept)


def smaller(output):
    "A large picture as a smaller JPEG: a page should stay below a megabyte, and the run keeps the fine one."
    data = output.get("data", {})
    if len(data.get("image/jpeg", "")) > 110_000:
        picture, file = Image.open(io.BytesIO(base64.b64decode(data["image/jpeg"]))), io.BytesIO()
        if picture.width > 1000:
            picture = picture.resize((round(0.8 * picture.width), round(0.8 * picture.height)), Image.Resampling.LANCZOS)
        picture.save(file, "JPEG", quality=50, optimize=True)
        data["image/jpeg"] = base64.b64encode(file.getvalue()).decode() + "\n"
    return output


written = set()
for stage in CHAIN:  # of stages that share a page the first one shows
    executed = run / stage / "notebook.ipynb"
    if not executed.exists() or CHAIN[stage].notebook in written or only and stage not in only:
        continue
    written.add(CHAIN[stage].notebook)
    page = stage_notebook(stage)
    book = json.loads(page.read_text(encoding="utf8"))
    outputs = {source(c): c.get("outputs", []) for c in json.loads(executed.read_text(encoding="utf8"))["cells"] if c["cell_type"] == "code"}
    # a definition prints nothing and may have been mended since; whatever prints or draws must be what was executed
    missing = [c["id"] for c in book["cells"] if c["cell_type"] == "code" and source(c) not in outputs and not source(c).startswith("#| export")]
    if missing:
        sys.exit(f"{page.name} changed since {run} was made (cells {', '.join(missing)}); run `make run` again")
    for cell in book["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [smaller(o) for o in without_paths(outputs.get(source(cell), []))]
    page.write_text(json.dumps(book, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf8")
    print(f"{page.name}: {page.stat().st_size / 1e3:.0f} kB")
if only:
    sys.exit()
write_results(run, root / "assets")
if shown_source(read_run(run)) == "catalogue":
    write_chain(root / "assets/chain.svg", read_records(root / "assets/results/catalogue").values())
if (run / "bench/benchmarks.json").exists():
    (root / "assets/results/benchmarks.json").write_bytes((run / "bench/benchmarks.json").read_bytes())


def first_look(assets):
    "The README's first picture: what goes in, what is found, what comes out; nothing where one of them is missing."
    from PIL import ImageDraw, ImageFont
    parts = [("hero.jpg", "a shop's toys"), ("cluster-toys.jpg", "their families"), ("stock-stylegan2.jpg", "new toys that nobody made")]
    if not all((assets / name).exists() for name, _ in parts):
        return
    height, gap, band = 300, 16, 34
    shown = []
    for name, words in parts:
        picture = Image.open(assets / name).convert("RGB")
        if name.startswith("stock"):  # two rows of sixteen, seen from too near; the first twenty in rows of five
            tiles = [picture.crop((x, y, x + 64, y + 64)) for y in (0, 66) for x in range(0, 1054, 66)][:20]
            picture = Image.new("RGB", (5 * 66, 4 * 66), "white")
            for i, tile in enumerate(tiles):
                picture.paste(tile, (i % 5 * 66, i // 5 * 66))
        wide = min(picture.width, round(picture.height * 1.25))
        picture = picture.crop((0, 0, wide, picture.height))
        shown.append((picture.resize((round(wide * height / picture.height), height), Image.Resampling.LANCZOS), words))
    sheet = Image.new("RGB", (sum(p.width for p, _ in shown) + gap * (len(shown) - 1), height + band), "white")
    pen, x = ImageDraw.Draw(sheet), 0
    for picture, words in shown:
        sheet.paste(picture, (x, band))
        pen.text((x + picture.width / 2, band / 2), words, "black", ImageFont.load_default(18), anchor="mm")
        x += picture.width + gap
    sheet.save(assets / "first-look.jpg", quality=88)


first_look(root / "assets")
