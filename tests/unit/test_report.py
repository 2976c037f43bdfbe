"""The report: whole, the same twice, and saying what the data say; from trials to pages."""

import base64
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import made_up
import pytest
import yaml
from records import head_scores, planned, ranking

from polyheads.analysis import choices, products, signatures
from polyheads.report import build as report_build
from polyheads.report import captions, findings, names, pages, sections
from polyheads.report.cells import cell, gain, leading
from polyheads.report.figures import draw, heat_map
from polyheads.report.sections import Pieces
from polyheads.report.table import Cell, as_json, empty, from_json
from polyheads.report.tables import made
from polyheads.study import comparisons, configuration, contents, displays
from polyheads.study.contents import Contents
from polyheads.study.plan import Training

LANGUAGES = {"en": {"name": "English"}, "de": {"name": "German"}, "zh": {"name": "Chinese"}}
VOID = {"meta", "img", "link", "br", "hr", "input", "wbr"}
HEADS = [[0, 0], [0, 1], [1, 0], [1, 1]]


class Page(HTMLParser):
    """Tags that must match, ids, links, and all text of a page."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.sources, self.images = [], [], [], [], []
        self.columns = []  # that cells name
        self.words = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.open += [] if tag in VOID else [tag]
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.links += [attributes["href"]] if "href" in attributes else []
        self.sources += [attributes["src"]] if "src" in attributes else []
        self.images += [attributes] if tag == "img" else []
        self.columns += [attributes["data-name"]] if "data-name" in attributes else []

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += data + " "


def data_of(sweeps, directory, rankings=(), languages=LANGUAGES):
    """What is analysed of sweeps whose trials are on disk, through the files that a run writes."""
    plan = displays.plan(sweeps)
    tables = tuple(comparisons.names(rankings, sweeps, languages))
    scored = [
        comparisons.planned(
            Training(r.model, r.corpus, r.recipe, (r.language,), r.seed), name, "pos"
        )
        for r in rankings
        for name in [f"{r.kind}-{r.language}"]
    ]
    study = Contents(tuple(sweeps), tuple(plan), tables, tuple(scored))
    contents.write(contents.as_json(study), directory / "contents.json")
    study = contents.read(directory / "contents.json")
    scores = choices.load_scores([path for s in sweeps for path in s.trials], sweeps)
    chosen = choices.with_heads(choices.choose(scores, displays.with_metrics(plan, sweeps)))
    choices.write(chosen, directory / "choices.csv")
    choices.write_scores(scores, directory / "scores.csv")
    return products.Data(
        contents=study,
        choices=choices.read(directory / "choices.csv"),
        scores=choices.read_scores(directory / "scores.csv"),
        estimates=[],
        null_baselines=[],
        differences=[],
        rankings=list(rankings),
        fertility=[],
        pretraining={},
        languages=languages,
        origins=signatures.Origins(locks={}, codes={}, machines={}),
    )


def tables_of(study, directory):
    """All tables of what products.write left in a directory, through their file."""
    tables = dict(made.of_study(directory, LANGUAGES))
    for display in study.displays:
        tables |= {t.name: t for t in made.of_display(display, directory, LANGUAGES)}
    pages.write_tables(tables, directory.parent / "tables.json")
    return pages.read_tables(directory.parent / "tables.json")


@pytest.fixture
def built(tmp_path, monkeypatch):
    """A report of a small study with one trial missing, and where its pages are."""
    # Trials lie below the working directory, as in a run: no page may name a path of the machine.
    monkeypatch.chdir(tmp_path)
    sweeps = made_up.study(Path("trials"))
    Path(sweeps[0]["trials"][2]).unlink()
    data = data_of([planned(s) for s in sweeps], tmp_path, [ranking(HEADS, recipe="small")])
    analysis = tmp_path / "analysis"
    analysis.mkdir()
    products.write(data, analysis)
    figures = {}
    for display in data.contents.displays:
        if display.kind in displays.FIGURES:
            figures[display.name] = str(tmp_path / f"{display.name}.svg")
            draw.of_display(display, analysis, LANGUAGES, figures[display.name])
    heat = tmp_path / "heat.svg"
    heat_map.score_heat_map(head_scores(2, 4), title="x", raw="sums", by_layer=True, out=heat)
    files = {
        "corpus.json": {
            **{"corpus": "ud-2.7", "language": "en", "task": "pos", "licence": "CC BY-SA 4.0"},
            **{"source": ["a <b>"], "segmentation": "words", "tag_counts": {"dev": {"NOUN": 3}}},
            "counts": {"dev": {"sentences": 2002, "words": 25148, "skipped": {}, "repairs": {}}},
        },
        "encoding.json": {
            **{"model": "mbert", "corpus": "ud-2.7", "language": "en"},
            "splits": {"dev": {"windowed_sentences": 31, "words_without_subwords": 17}},
        },
    }
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content))
    (tmp_path / "job.tsv").write_text("s\tmax_rss\n12.5\t300\n-\t-\n")
    (tmp_path / "versions.csv").write_text("package,version,trials\ntorch,2.1,4\n")
    model = {"model": "mbert", "class": "BertModel", "parameters": 177853440, "layers": 12}
    model |= {"heads": 12, "hidden": 768, "vocabulary": 119547, "source": {"hub": "a/b"}}
    (tmp_path / "model.json").write_text(json.dumps(model))
    recipe = {"name": "small", "epochs": 3, "train_sentences": 500, "dev_sentences": None}
    recipe |= {"test_sentences": None, "leave_out_repeated": False}
    config = {"study": {"name": "tried", "title": "<asked> & so"}, "recipes": [recipe]}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    out = {
        n: tmp_path / f"{n}.html"
        for n in ("report", "start", "corpora", "runtimes", "reproducibility")
    }

    def build():
        tables = tables_of(data.contents, analysis)
        titles = {name: table.title for name, table in tables.items()}
        report_build.build(
            Pieces(data.contents, tables, figures, made.read_signatures(analysis), LANGUAGES),
            report_build.Given(
                study={"name": "tried", "title": "Tried & <true>", "notes": ["A demonstration."]},
                findings=findings.sentences(findings.read(analysis), LANGUAGES, titles),
                heat_maps=[heat],
                language_maps=[],
                corpora=[tmp_path / "corpus.json"],
                labels={"ud-2.7": heat},
                encodings=[tmp_path / "encoding.json"],
                benchmarks={"Trials": [tmp_path / "job.tsv", tmp_path / "absent.tsv"]},
                versions=tmp_path / "versions.csv",
                models=[tmp_path / "model.json"],
                machines=made.read_rows(analysis, "machines"),
                choices=made.read_rows(analysis, "pruned-heads"),
                configuration="config.yaml",
            ),
            out,
        )
        return {name: path.read_text(encoding="utf-8") for name, path in out.items()}

    return build, tmp_path


def test_report_is_self_contained_and_well_formed(built):
    build, directory = built
    texts = build()
    for text in texts.values():
        page = Page(text)
        assert len(page.ids) == len(set(page.ids))
        assert not any(" " in name for name in page.ids)
        files = [link for link in page.links if not link.startswith(("#", "data:"))]
        # Of trials and the configuration only, from where the page is.
        assert all((directory / link).suffix in (".json", ".yaml") for link in files)
        assert all((directory / link).is_file() for link in files)
        assert all(link[1:] in page.ids for link in page.links if link.startswith("#"))
        assert all(source.startswith("data:") for source in page.sources)
        assert all(image["alt"] for image in page.images)
        assert not re.search(r"@import|url\(", text)
        assert str(directory) not in text
    assert build() == texts


def test_report_holds_the_pieces(built):
    build, directory = built
    texts = build()
    page = Page(texts["report"])
    # The gains at the top; two settings' curves, gains, dev and test; head scores, labels.
    assert len(page.images) == 1 + 2 + 2 + 2
    assert page.images[0]["src"] == page.images[1]["src"]
    alts = [image["alt"] for image in page.images]
    assert any("scores over k of mbert, tiny for" in alt for alt in alts), alts
    assert "Tried & <true>" in page.words and "Tried & <true>" in Page(texts["start"]).words
    for words in ("A demonstration.", "25,148", "31", "17", "12.5", "Polyheads"):
        assert words in page.words
    assert "missing: 1" in Page(texts["runtimes"]).words  # the benchmark file that isn't there
    assert "25,148" in Page(texts["corpora"]).words
    assert "12.5" in Page(texts["runtimes"]).words
    checklist = Page(texts["reproducibility"])
    assert (
        "mbert: 177,853,440." in checklist.words and "500 sentences of training" in checklist.words
    )
    # What holds for all tables of a kind stands once, and every figure and table leads there.
    assert page.words.count("Holm-adjusted over all gains") == 1
    assert page.words.count("dotted line the test score at k = 0") == 1
    assert page.words.count("Trials: k > 0, the mean of the sweeps") == 1
    # Gains (at the top, too), two settings' curves and tables, four tables over the whole study.
    assert page.words.count("Accuracy on ud-2.7; k chosen on") == (2 + 2 + 2 + 4)
    tables = [link for link in page.links if link.startswith("data:text/csv")]
    first = base64.b64decode(tables[3].partition(",")[2]).decode()
    assert first.startswith("experiment,model,corpus,task")
    assert not list(directory.glob(".*"))


def test_every_row_leads_to_its_trials_and_the_configuration(built):
    build, _directory = built
    texts = build()
    trials = [link for link in Page(texts["report"]).links if link.endswith(".json")]
    # 8 sweeps (two settings, targets and models), k by both criteria.
    assert len(trials) >= 2 * 8
    assert all(link.startswith("trials/") for link in trials)
    for name in ("report", "start", "runtimes"):
        assert "config.yaml" in Page(texts[name]).links
    assert "title: <asked> & so" in Page(texts["report"]).words


def test_start_page_says_what_the_data_say(built):
    build, _directory = built
    words = " ".join(Page(build()["start"]).words.split())
    sweeps = made_up.study(Path("trials"))
    trainings = len({path for one in sweeps for path in one["trials"]})
    assert f"trainings {trainings - 1}" in words
    assert "missing: 1." in words
    assert "one seed" in words and "noise was not measured" in words
    assert "not compared with random ones" in words
    assert "k chosen on dev: pruning changed the test score by" in words
    assert "best of k ≥ 1 on test" in words


def test_records_are_the_same_after_their_files(built):
    _, directory = built
    study = contents.read(directory / "contents.json")
    kinds = {display.name: products.OF_DISPLAYS[display.kind] for display in study.displays}
    written = {path.name for path in (directory / "analysis").iterdir()}
    expected = {
        f"{name}.{part}.csv" if part else f"{name}.csv"
        for name, parts in {**kinds, **products.OF_STUDY}.items()
        for part in parts
    }
    assert written == expected
    data = data_of(study.sweeps, directory, [ranking(HEADS, recipe="small")])
    for display in study.displays:
        parts = products.of_display(display, data)
        again = products.read(directory / "analysis", display.name, kinds[display.name])
        assert {part: list(rows) for part, rows in parts.items()} == again


def test_links_are_seen_from_the_page(tmp_path):
    path = "results/trials/m/c/r/en+zh@30/seed-1/a b#/k-03.json"
    seen = "trials/m/c/r/en+zh@30/seed-1/a%20b%23/k-03.json"
    assert pages.seen_from(path, "results") == seen
    assert pages.seen_from(path, "results/studies/x/tables") == f"../../../{seen}"
    several = Cell(text="3, 5†", links=(("3", path), ("5", "results/b.json")))
    text = pages.linked(several, "results/studies")
    assert text == f'<a href="../{seen}">3</a>, <a href="../b.json">5</a>†'
    one = leading(gain(0.5), ["results/b.json"])
    assert pages.linked(one, "results") == '<a href="b.json">+0.50</a>'
    two = leading(cell("<1"), ["results/b.json", "results/c.json"])
    links = '<a href="b.json">1</a> <a href="c.json">2</a>'
    assert pages.linked(two, "results") == f'&lt;1<span class="below wrap">{links}</span>'
    assert leading(cell("x"), []).links == ()


def test_a_configuration_can_be_run_again(tmp_path):
    for path in sorted((Path(__file__).parents[2] / "config").glob("*.yaml")):
        study = configuration.load(yaml.safe_load(path.read_text(encoding="utf-8")))
        pages.write_configuration(study, tmp_path / "config.yaml")
        text = (tmp_path / "config.yaml").read_text(encoding="utf-8")
        assert configuration.load(yaml.safe_load(text)) == study, path
        assert "&id" not in text


def test_a_table_that_is_expected_and_has_nothing_says_why(tmp_path):
    pages.write_table(empty("rankings-costs", "No trials."), tmp_path, "")
    for ending in ("html", "csv", "tex"):
        assert "No trials." in (tmp_path / f"rankings-costs.{ending}").read_text()


def test_tables_that_compare_rankings_are_known_before_any_number(tmp_path):
    families = {code: {"family": "x" if code != "zh" else "y"} for code in LANGUAGES}
    kinds = (("gradient", "en"), ("gradient", "de"), ("gradient", "zh"), ("lrp", "en"))
    sweeps = [made_up.sweep(tmp_path, ranking=f"{kind}-en") for kind in ("gradient", "lrp")]
    for one in sweeps:
        sides = {("dev", "en"): [80.0, 81, 82, 83], ("test", "de"): [60.0, 61, 62, 63]}
        made_up.write_sweep(one, sides)
    training = Training("mbert", "ud-2.7", "small", ("en",), 42)
    scored = [comparisons.planned(training, f"{kind}-{code}", "pos") for kind, code in kinds]
    sweeps = [planned(one) for one in sweeps]
    expected = comparisons.names(scored, sweeps, families)
    assert expected == [
        "rankings-compared",
        "rankings-costs",
        "languages.mbert.ud-2.7.small.seed-42.gradient",
        "common-heads",
        "common-heads-families",
    ]
    rankings = [ranking(HEADS, recipe="small", kind=k, language=code) for k, code in kinds]
    data = data_of(sweeps, tmp_path, rankings, families)
    assert list(data.contents.comparisons) == expected
    assert data.contents.rankings == tuple(scored)
    (tmp_path / "analysis").mkdir()
    products.write(data, tmp_path / "analysis")
    tables = made.of_study(tmp_path / "analysis", families)
    assert set(expected) <= set(tables) and "common-heads-tasks" not in tables
    of_names = [captions.caption_of_comparison(name) for name in expected]
    assert of_names == ["", "", "languages", "common-heads", "common-heads"]


def test_every_kind_of_display_has_its_words():
    kinds = {*displays.TABLES, *displays.FIGURES}
    assert set(captions.CATEGORIES) == kinds == set(products.OF_DISPLAYS)
    there = {path.stem for path in (pages.REPORT / "captions").glob("*.rst")}
    assert {captions.caption_of(kind) for kind in kinds} <= there
    assert set(sections._SHOWN) == set(displays.FIGURES)
    of_settings = {"results", "curves", "low-resource", "several-sources", "controls"}
    assert set(sections.PARTS) == kinds - of_settings - {"null-baselines"}


def test_every_caption_is_valid_and_says_what_it_must():
    for path in (pages.REPORT / "captions").glob("*.rst"):
        text = pages.caption(path.stem)
        assert text.startswith("<p") and "system-message" not in text
    assert "compare the heads of a layer" in pages.caption("heat-map").replace("\n", " ")
    assert "does not mean that it has no effect" in pages.caption("heat-map").replace("\n", " ")


def test_heat_map_titles():
    lrp = ranking(HEADS, kind="lrp", model="tiny", language="de")
    assert names.heat_map_title(lrp, LANGUAGES) == "lrp: tiny, ud-2.7, German, seed 42"


def test_table_pages(tmp_path):
    data = data_of([planned(s) for s in made_up.study(tmp_path)], tmp_path)
    (tmp_path / "analysis").mkdir()
    products.write(data, tmp_path / "analysis")
    display = next(d for d in data.contents.displays if d.kind == "results")
    for table in made.of_display(display, tmp_path / "analysis", LANGUAGES):
        assert from_json(json.loads(json.dumps(as_json(table)))) == from_json(as_json(table))
        pages.write_table(table, tmp_path, "results")
        page = Page((tmp_path / f"{table.name}.html").read_text(encoding="utf-8"))
        assert table.title in page.words and "rank" in page.words
        # Where a screen is too narrow for columns, every number has the name of its own.
        columns = ["Unpruned", *(f"k chosen on dev: {n}" for n in ("pruned", "gain", "k", "ρ"))]
        columns += [f"best of k ≥ 1 on test: {n}" for n in ("pruned", "gain", "k")]
        assert page.columns == columns * len([*table.body, *table.foot])
        assert (tmp_path / f"{table.name}.csv").read_text().count("\n") == 5
