"""What the documentation site needs beside nbdev: run  python .ci/docsite.py  in a checkout that may be thrown away, then  PYTHONPATH=.ci nbdev_docs.

The site's root is nbs/, so pictures of assets/ are copied below it and the pages' links are turned: to pictures inside the site, to other files of the checkout on GitHub. `ShowDocs`, which settings.ini
names, documents exported functions from the installed package; nbdev's own way executes every cell that imports something, examples included, and those need what stood above them.
"""
import configparser
import json
import os
import re
import shutil
from pathlib import Path

root = Path(__file__).resolve().parent.parent


def settings():
    parser = configparser.ConfigParser(delimiters=["="], comment_prefixes=["#"], interpolation=None)
    parser.read(root / "settings.ini", encoding="utf8")
    return parser["DEFAULT"]


def turned(text, cfg):
    "Links that leave nbs/: pictures stay in the site, other files are on GitHub."
    text = re.sub(r"(\]\(|\"|')\.\./assets/", r"\1assets/", text)
    return re.sub(r"\]\(\.\./", f"]({cfg['git_url']}/blob/{cfg['branch']}/", text)


def turn(node, cfg):
    "The same in every markdown of a notebook, sources and outputs."
    for cell in node["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = turned("".join(cell["source"]), cfg).splitlines(keepends=True)
        for output in cell.get("outputs", []):
            shown = output.get("data", {})
            if "text/markdown" in shown:
                shown["text/markdown"] = turned("".join(shown["text/markdown"]), cfg).splitlines(keepends=True)
    return node


def prepare():
    cfg = settings()
    shutil.copytree(root / "assets", root / "nbs/assets", dirs_exist_ok=True, ignore=shutil.ignore_patterns("results"))
    for page in (root / "nbs").glob("*.ipynb"):
        book = json.loads(page.read_text(encoding="utf8"))
        page.write_text(json.dumps(turn(book, cfg), indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf8")
    os.utime(root / "README.md")  # younger than index.ipynb again: nbdev would make another README by Quarto
    print("nbs/ is ready for nbdev_docs")


try:
    from nbdev.process import Processor
except ImportError:  # only nbdev_docs needs it
    Processor = object


class ShowDocs(Processor):
    "Execute the cells that show a function's documentation, with the functions of the installed module and nothing else."

    def begin(self):
        from execnb.shell import CaptureShell

        self.shell = CaptureShell()
        source = Path(self.nb.path_).read_text(encoding="utf8")
        module = re.search(r"#\| default_exp (\w+)", source)
        if module:
            self.shell.run_cell(f"from nbdev.showdoc import show_doc\nimport toyhollywood.{module[1]} as _module\nglobals().update(vars(_module))")

    def __call__(self, cell):
        if cell.cell_type == "code" and re.search(r"^show_doc", cell.source or "", re.M):
            self.shell.cell(cell)
            if self.shell.exc:
                raise RuntimeError(f"{self.nb.path_}: {cell.source}") from self.shell.exc


if __name__ == "__main__":
    prepare()
