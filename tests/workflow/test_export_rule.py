"""`snakemake export` after a study: what it makes, and that the study has nothing to do with it."""

import csv
import json

EXPORTS = "results/exports/tiny/mini/toy/quick"
FILES = {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
FILES |= {"pruned_heads.json", "README.md"}


def test_exports_of_a_finished_study(again, study):
    before = again.numbers()
    study["exports"] = [{"setting": "cross-lingual", "k": 2}, {"setting": "multi-lingual"}]
    again.write(study)
    assert again.planned("report") == {}
    assert again.planned("export") == {"export_model": 2, "export_card": 2, "export": 1}
    again.succeed("export")
    assert again.planned("report") == again.planned("export") == {}
    assert again.numbers() == before
    made = {path.parent for path in (again.path / EXPORTS).rglob("*") if path.is_file()}
    assert {str(place.relative_to(again.path / EXPORTS)) for place in made} == {
        "aa/seed-42/prune-gradient-aa/k-02",
        "aa+bb/seed-42/prune-gradient-aa/accuracy_bb_k-0-2",
    }
    assert all({file.name for file in place.iterdir()} == FILES for place in made)
    chosen = {row["setting"]: row for row in rows(again, "choices")}
    for place in sorted(made):
        record = json.loads((place / "pruned_heads.json").read_text())
        card = (place / "README.md").read_text()
        assert "snakemake export --configfile study.yaml" in card
        if record["chosen"]:
            choice = chosen["multi-lingual"]
            assert str(record["k"]) == choice["dev_selected_k"]
            heads = " ".join(f"{layer}.{head}" for layer, head in record["pruned_heads"])
            assert heads == choice["dev_selected_heads"]
    # Other words of the card are written, not trained.
    module = again.path / "workflow/polyheads/exports/card.py"
    module.write_text(module.read_text() + "\nNEW = 1\n")
    assert again.planned("export") == {"export_card": 2, "export": 1}


def rows(project, name):
    with (project.path / f"results/studies/tiny/{name}.csv").open(newline="") as file:
        return [row for row in csv.DictReader(file) if row.get("role", "main") == "main"]
