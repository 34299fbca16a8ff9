"Reads everything from settings.ini; the notebooks travel inside the wheel, because they are what `toyhollywood run` executes."
import shutil
from configparser import ConfigParser
from pathlib import Path
from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

here = Path(__file__).parent
parser = ConfigParser(delimiters=["="], comment_prefixes=["#"], interpolation=None)
parser.read(here / "settings.ini", encoding="utf8")
cfg = parser["DEFAULT"]


class BuildWithNotebooks(build_py):
    def run(self):
        super().run()
        target = Path(self.build_lib) / cfg["lib_path"] / "nbs"
        target.mkdir(parents=True, exist_ok=True)
        for page in sorted((here / cfg["nbs_path"]).glob("[0-9]*.ipynb")):
            shutil.copyfile(page, target / page.name)


extras = {key.removesuffix("_requirements"): value.split() for key, value in cfg.items() if key.endswith("_requirements")}
extras["all"] = sorted({need for name, needs in extras.items() if name not in ("dev", "peers") for need in needs})
setup(
    name=cfg["lib_name"],
    version=cfg["version"],
    description=cfg["description"],
    long_description=(here / "README.md").read_text(encoding="utf8") if (here / "README.md").exists() else "",
    long_description_content_type="text/markdown",
    author=cfg["author"],
    author_email=cfg["author_email"],
    url=cfg["git_url"],
    license="Apache-2.0",
    keywords=cfg["keywords"],
    python_requires=f">={cfg['min_python']}",
    install_requires=cfg["requirements"].split(),
    extras_require=extras,
    packages=find_packages(include=["toyhollywood", "toyhollywood.*"]),
    package_data={"toyhollywood": ["presets/*.yaml", "specs/*.toml", "sample/*.zip", "Snakefile", "profiles/**/*", "assets/*", "assets/factors/*"]},
    entry_points={"console_scripts": cfg["console_scripts"].split("\n")},
    cmdclass={"build_py": BuildWithNotebooks},
    zip_safe=False,
    classifiers=["Development Status :: 3 - Alpha", "Intended Audience :: Developers", "Programming Language :: Python :: 3"],
)
