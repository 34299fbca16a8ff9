"""Makes README.md from nbs/index.ipynb and its saved outputs, without Quarto. Usage: python .ci/readme.py [--run | --check]

Markdown cells are copied; code cells give their outputs (markdown, text, or a picture that lies in assets/) and show their source unless they say
`#| echo: false`; cells that say `#| hide` are left out. Paths are turned from nbs/ to the root. --run executes the
page first and saves its outputs; --check changes nothing and exits 1 when README.md is not what it should be.
"""
import json
import re
import sys
from pathlib import Path

root = Path(__file__).resolve().parent.parent


def directives(source):
    "The `#| name: value` lines at the top of a cell."
    return dict(re.findall(r"^#\|\s*([\w-]+)\s*:?\s*(.*?)\s*$", source, re.M))


def shown(output):
    "One output of a cell as Markdown."
    data = output.get("data", {})
    if "text/markdown" in data:
        return "".join(data["text/markdown"])
    text = "".join(output.get("text") or data.get("text/plain") or [])
    return "\n".join("    " + line for line in text.rstrip().splitlines())


def from_root(text):
    "Links of a page in nbs/ as links of a file in the root."
    def turn(match):
        target = match[2]
        if re.match(r"[a-z]+:|#|/", target):
            return match[0]
        return f"{match[1]}({target[3:] if target.startswith('../') else 'nbs/' + target})"
    return re.sub(r"(!?\[[^\]]*\])\(([^)\s]+)\)", turn, text)


def readme(notebook):
    "The text of README.md."
    parts = []
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(from_root(source))
            continue
        marks = directives(source)
        if "hide" in marks or marks.get("include") == "false":
            continue
        if any(o.get("output_type") == "error" for o in cell["outputs"]):
            sys.exit("nbs/index.ipynb was saved with an error; run it again")
        if marks.get("echo") != "false":
            parts.append("```python\n" + re.sub(r"^#\|.*\n?", "", source, flags=re.M).strip() + "\n```")
        parts += [from_root(t) for t in map(shown, cell["outputs"]) if t.strip()]
    return "\n\n".join(p.strip("\n") for p in parts) + "\n\n<!-- made from nbs/index.ipynb by .ci/readme.py -->\n"


def run(page):
    "Execute a page in its folder and keep the outputs, nothing else."
    import nbformat
    from nbclient import NotebookClient

    book = json.loads(page.read_text(encoding="utf8"))
    done = NotebookClient(nbformat.read(page, 4), kernel_name="python3", resources={"metadata": {"path": str(page.parent)}}).execute()
    for cell, executed in zip(book["cells"], done["cells"], strict=True):
        if cell["cell_type"] == "code":
            cell["outputs"] = [{k: v for k, v in o.items() if k != "execution_count"} | ({"execution_count": None} if o["output_type"] == "execute_result" else {}) for o in executed["outputs"]]
    page.write_text(json.dumps(book, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf8")


def main():
    if "--run" in sys.argv:
        run(root / "nbs/index.ipynb")
    text = readme(json.loads((root / "nbs/index.ipynb").read_text(encoding="utf8")))
    path = root / "README.md"
    if path.exists() and path.read_text(encoding="utf8") == text:
        return 0
    if "--check" in sys.argv:
        print("README.md is out of date: run  python .ci/readme.py  and commit it")
        return 1
    path.write_text(text, encoding="utf8")
    print("README.md written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
