"""The dataset of the README's larger run: people of another stock to learn from, the shop's own people held out.

    python .ci/stock.py runs/stock

renders 3,100 people (seed 1) and the shop's 350 (seed 0) at 64 pixels, eleven minutes of one core, and makes the dataset. Then the pages, by papermill from nbs/, each with `-p out ../runs/stock`:
50_simclr (size 48, dimensions 128, steps 1500, batch_size 64), 20_clip (size 48, dimensions 128, width 128, layers 2, steps 1500, batch_size 64, lr 0.004, word_dropout 0.3);
41_stylegan2 and 51_mapper with the parameters that assets/results/catalogue-stock says.
"""
import json
import sys
from itertools import count, islice
from pathlib import Path

from toyhollywood import catalogue, data
from toyhollywood.core import Stage, write_text


def people(seed, most):
    found = (row for row in (catalogue.product(i, seed) for i in count()) if row.get("is_human"))
    for row in islice(found, most):  # numbers of two stocks are the same
        yield row | {"file_name": f"seed{seed}/{row['category']}/{row['sku']}.jpg", "sku": f"{row['sku']}-{seed}"}


def main(run):
    run, pictures = Path(run), Path(run) / "pictures"
    rows = [*people(1, 3100), *people(0, 350)]
    missing = [(row, str(pictures), 64, catalogue.SAMPLES) for row in rows if not (pictures / row["file_name"]).exists()]
    if missing:
        catalogue._render_all(missing, catalogue._cores(), len(rows), True)
    write_text(pictures / "metadata.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    arrange = data._Build.arrange

    def by_stock(self, holdout, seed):
        arrange(self, holdout, seed)
        for row in self.rows:
            row["split"] = "train" if row["seed"] == 1 else "holdout"

    data._Build.arrange = by_stock
    stage = Stage("data", run)
    made = data.build_dataset(pictures, run / "data")
    stage.info(source="catalogue-stock", fingerprint=made.fingerprint, counts=made.facts["counts"])
    stage.finish()
    print(f"{run}/data: {made.facts['counts']}, fingerprint {made.fingerprint}")


if __name__ == "__main__":
    main(sys.argv[1])
