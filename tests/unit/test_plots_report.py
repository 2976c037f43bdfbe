"""Figures and pages: there, whole, the same twice, and saying what the data say."""

import base64
import json
import random
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import made_up
import pytest
import yaml

from polyheads import exhibits
from polyheads.analysis import selection
from polyheads.exhibits import contents, findings, tables
from polyheads.exhibits.results import Results
from polyheads.report import build as report_build
from polyheads.report import pages
from polyheads.report.figures import dev_test as dev_test_figure
from polyheads.report.figures import draw as draw_exhibit
from polyheads.report.figures import plots
from polyheads.study import configuration
from polyheads.study.plan import Training

LANGUAGES = {"en": {"name": "English"}, "de": {"name": "German"}, "zh": {"name": "Chinese"}}
PUBLISHED = exhibits.read_published()
VOID = {"meta", "img", "link", "br", "hr", "input"}


class Page(HTMLParser):
    """Tags that must match, ids, links, and all text of a page."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.sources, self.images = [], [], [], [], []
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

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += data + " "


def read(sweeps, *, without=()):
    trials = {path for made in sweeps for path in made["trials"]} - set(without)
    plan = contents.plan(sweeps, PUBLISHED)
    scores = selection.load_scores(trials, sweeps)
    choices = selection.choose(scores, exhibits.criteria(plan, sweeps))
    choices = selection.pruned_heads(choices)
    tables = []
    for table in (scores, choices):
        path = Path(sweeps[0]["trials"][0]).parent / "table.csv"
        selection.write(table, path)
        tables.append(selection.read(path))
    return plan, *tables


def draw(plan, scores, choices, directory):
    drawn = {}
    for exhibit in plan:
        if exhibit["kind"] in contents.FIGURES:
            drawn[exhibit["name"]] = directory / f"{exhibit['name']}.svg"
            results = Results(choices, scores, [], LANGUAGES, PUBLISHED)
            draw_exhibit.draw(exhibit, results, drawn[exhibit["name"]])
    return drawn


def head_scores(layers, heads):
    numbers = random.Random(1)
    rows = [
        {"layer": layer, "head": head, "raw": numbers.random(), "normalised": numbers.random()}
        for layer in range(layers)
        for head in range(heads)
    ]
    for rank, row in enumerate(sorted(rows, key=lambda row: row["normalised"])):
        row["rank"] = rank
    return rows


@pytest.mark.parametrize("seeds", [(42,), (1, 2, 3)])
def test_figures_are_whole_and_the_same_twice(tmp_path, seeds):
    sweeps = made_up.study(tmp_path, seeds=seeds)
    plan, scores, choices = read(sweeps)
    drawn = draw(plan, scores, choices, tmp_path / "one")
    assert {e["kind"] for e in plan if e["name"] in drawn} == {*("gains", "curves", "dev-test")}
    again = draw(plan, scores, choices, tmp_path / "two")
    for name, path in drawn.items():
        root = ElementTree.parse(path).getroot()
        assert root.tag.endswith("svg")
        assert path.read_bytes() == again[name].read_bytes()
        assert b"<dc:date>" not in path.read_bytes()
    assert not list((tmp_path / "one").glob(".*"))


def test_figures_with_missing_trials(tmp_path):
    sweeps = made_up.study(tmp_path)
    without = [sweeps[0]["trials"][0], *sweeps[2]["trials"], *sweeps[-1]["trials"]]
    plan, scores, choices = read(sweeps, without=without)
    assert len(draw(plan, scores, choices, tmp_path)) == 4
    nothing = {path for made in sweeps for path in made["trials"]}
    plan, scores, choices = read(sweeps, without=nothing)
    assert len(draw(plan, scores, choices, tmp_path)) == 4


def with_nulls(scores, choices, count, *, role="random"):
    """The rows, and as many random rankings: ranking i is i points below the sweep for k >= 1."""
    found = [list(scores), list(choices)]
    for rows, all_rows in zip((scores, choices), found, strict=True):
        for i in range(1, count + 1):
            for row in rows:
                new = row | {"role": role, "ranking": f"random-{i}", "experiment": "null"}
                if row.get("k"):
                    new["value"] = row["value"] - i
                all_rows.append(new)
    return found


@pytest.fixture
def drawn_axes(monkeypatch):
    """The axes of the curves that were drawn, test and dev panels by turns."""
    axes, keep = [], plots.score_axis
    monkeypatch.setattr(plots, "score_axis", lambda one: [keep(one), axes.append(one)][0])
    return axes


def band(axes):
    """k -> (low, high) of the only band of a panel."""
    (collection,) = axes.collections
    found = {}
    for x, y in collection.get_paths()[0].vertices:
        found.setdefault(int(x), set()).add(round(float(y), 6))
    return {k: (min(ys), max(ys)) for k, ys in found.items()}


@pytest.mark.parametrize("count", [3, 11])
def test_band_of_random_rankings(tmp_path, drawn_axes, count):
    sweeps = made_up.study(tmp_path, models=("mbert",), targets=("de",))
    plan, scores, choices = read(sweeps)
    (exhibit,) = [e for e in plan if e["kind"] == "curves" and "cross" in e["name"]]
    args = (LANGUAGES, tmp_path / "a.svg")
    plots.sweep_curves(exhibit, *with_nulls(scores, choices, count), *args)
    top, low = drawn_axes
    row = next(r for r in choices if r["setting"] == "cross-lingual")
    at = {
        (r["split"], r["k"]): r["value"]
        for r in scores
        if (r["setting"], r["metric"], r["heads"]) == (row["setting"], row["metric"], "pruned")
    }
    # 11 rankings, 1 to 11 points below: their percentiles are 2 and 10 points below.
    least, most = (2, 10) if count == 11 else (1, 3)
    for axes, split in ((top, "test"), (low, "dev")):
        ends = band(axes)
        assert ends[0] == pytest.approx((at[split, 0],) * 2)
        for k in (1, 2, 3):
            assert ends[k] == pytest.approx((at[split, k] - most, at[split, k] - least))
    mean = top.lines[0]
    middle = (1 + count) / 2
    assert mean.get_ydata()[1:] == pytest.approx([at["test", k] - middle for k in (1, 2, 3)])


def of_other_trials(scores, choices, changed):
    return [
        [row | {k: v for k, v in changed.items() if row["role"] == "random"} for row in rows]
        for rows in (scores, choices)
    ]


def test_no_band_of_other_rankings(tmp_path, drawn_axes):
    plan, scores, choices = read(made_up.study(tmp_path, models=("mbert",), targets=("de",)))
    (exhibit,) = [e for e in plan if e["kind"] == "curves" and "cross" in e["name"]]
    out = tmp_path / "a.svg"
    plots.sweep_curves(exhibit, scores, choices, LANGUAGES, out)
    plain = out.read_bytes()
    others = [
        with_nulls(scores, choices, 3, role="main"),
        with_nulls(scores, choices, 3, role="noise"),
        with_nulls(scores, [r | {"recipe": "x"} for r in choices], 3)[:1] + [choices],
        of_other_trials(*with_nulls(scores, choices, 3), {"protocol": "mask"}),
        of_other_trials(*with_nulls(scores, choices, 3), {"heads": "all"}),
    ]
    for rows in others:
        plots.sweep_curves(exhibit, *rows, LANGUAGES, out)
        assert out.read_bytes() == plain
    assert not any(axes.collections for axes in drawn_axes)


def test_curves_of_trials_tested_with_all_heads(tmp_path, drawn_axes):
    made = made_up.sweep(tmp_path, heads="all")
    values = {("dev", "en"): [80.0, 81, 82, 83], ("test", "de"): [60.0, 61, 62, 63]}
    made_up.write_sweep(made, values)  # with all heads 5 points less
    plan, scores, choices = read([made])
    (exhibit,) = [e for e in plan if e["kind"] == "curves"]
    plots.sweep_curves(exhibit, scores, choices, LANGUAGES, tmp_path / "a.svg")
    top, low = drawn_axes
    assert list(top.lines[0].get_ydata()) == [60, 56, 57, 58]
    assert list(low.lines[0].get_ydata()) == [80, 81, 82, 83]


def test_what_dev_says_about_test(tmp_path):
    plan, _, choices = read(made_up.study(tmp_path, seeds=(1, 2)))
    (exhibit,) = [e for e in plan if e["kind"] == "gains"]
    paths = [tmp_path / name for name in ("a.svg", "b.svg", "c.svg", "d.svg")]
    for path in paths[:2]:
        dev_test_figure.draw(exhibit, choices, LANGUAGES, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    some = [r | {"dev_test_spearman": None} if r["target"] == "de" else r for r in choices]
    none = [r | {"dev_test_spearman": None} for r in choices]
    for rows, path in zip((some, none), paths[2:], strict=True):
        dev_test_figure.draw(exhibit, rows, LANGUAGES, path)
    assert len({path.read_bytes() for path in paths}) == 3
    for path in paths:
        ElementTree.parse(path)


def test_equal_dots_stand_beside_each_other():
    assert dev_test_figure._offsets([-0.5, 0.0, 0.5]) == [0, 0, 0]
    offsets = dev_test_figure._offsets([0.1, 0.1, 0.1])
    assert len(set(offsets)) == 3 and max(map(abs, offsets)) < 0.5


@pytest.mark.parametrize(("layers", "heads"), [(2, 4), (12, 12), (1, 1)])
def test_heat_maps(tmp_path, layers, heads):
    rows = head_scores(layers, heads)
    paths = [tmp_path / name for name in ("a.svg", "b.svg")]
    for path in paths:
        plots.score_heat_map(rows, title="tiny", raw="sums", by_layer=True, out=path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    ElementTree.parse(paths[0])


def test_heat_map_of_zeros(tmp_path):
    rows = [row | {"raw": 0.0, "normalised": 0.0} for row in head_scores(2, 2)]
    plots.score_heat_map(rows, title="zeros", raw="sums", by_layer=True, out=tmp_path / "a.svg")
    assert (tmp_path / "a.svg").exists()


def test_heat_map_of_negative_scores(tmp_path):
    rows = [row | {"raw": -row["rank"] - 1.0} for row in head_scores(2, 2)]
    plots.score_heat_map(rows, title="less", raw="rise", by_layer=False, out=tmp_path / "a.svg")
    assert (tmp_path / "a.svg").exists()


def test_heat_map_titles():
    ranking = {"kind": "lrp", "model": "tiny", "corpus": "ud-2.7", "language": "de", "seed": 42}
    assert exhibits.heat_map_title(ranking, LANGUAGES) == "lrp: tiny, ud-2.7, German, seed 42"


def test_every_caption_is_valid_and_says_what_it_must():
    names = {path.stem for path in (pages.REPORT / "captions").glob("*.rst")}
    for name in names:
        text = pages.caption(name)
        assert text.startswith("<p") and "system-message" not in text
    assert "compare the heads of a layer" in pages.caption("heat-map").replace("\n", " ")
    assert "does not mean that it has no effect" in pages.caption("heat-map").replace("\n", " ")


@pytest.fixture
def built(tmp_path, monkeypatch):
    """A report of a small study with one trial missing, and where its pages are."""
    # Trials lie below the working directory, as in a run: no page may name a path of the machine.
    monkeypatch.chdir(tmp_path)
    sweeps = made_up.study(Path("trials"))
    gone = sweeps[0]["trials"][2]
    Path(gone).unlink()
    plan, scores, choices = read(sweeps)
    drawn = draw(plan, scores, choices, tmp_path / "figures")
    heat = tmp_path / "heat.svg"
    plots.score_heat_map(head_scores(2, 4), title="x", raw="sums", by_layer=True, out=heat)
    files = {
        "ranking.json": {
            **{"model": "mbert", "corpus": "ud-2.7", "recipe": "quick", "language": "en"},
            **{"kind": "gradient", "reversed": False, "seed": 42},
        },
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
    (tmp_path / "job.tsv").write_text("s\tmax_rss\n12.5\t300\n")
    (tmp_path / "versions.csv").write_text("package,version,trials\ntorch,2.1,4\n")
    (tmp_path / "config.yaml").write_text("study: {name: tried, title: <asked> & so}\n")
    out = {n: tmp_path / f"{n}.html" for n in ("report", "start", "corpora", "runtimes")}
    out["tables"] = tmp_path / "tables"

    def build():
        report_build.build(
            study={"name": "tried", "title": "Tried & <true>", "notes": ["A demonstration."]},
            sweeps=sweeps,
            results=Results(choices, scores, [files["ranking.json"]], LANGUAGES, PUBLISHED),
            figures=drawn,
            heat_maps=[tmp_path / "heat.svg"],
            corpora=[tmp_path / "corpus.json"],
            labels={"ud-2.7": tmp_path / "heat.svg"},
            encodings=[tmp_path / "encoding.json"],
            benchmarks={"Trials": [tmp_path / "job.tsv"]},
            versions=tmp_path / "versions.csv",
            configuration="config.yaml",
            out=out,
        )
        return {n: p.read_text(encoding="utf-8") for n, p in out.items() if n != "tables"}

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
    # Two settings' curves, gains, dev and test; head scores, labels.
    assert len(page.images) == 2 + 2 + 2
    assert "Tried & <true>" in page.words and "Tried & <true>" in Page(texts["start"]).words
    for words in ("A demonstration.", "25,148", "31", "17", "12.5", "Polyheads"):
        assert words in page.words
    assert "25,148" in Page(texts["corpora"]).words
    assert "12.5" in Page(texts["runtimes"]).words
    tables = [link for link in page.links if link.startswith("data:text/csv")]
    first = base64.b64decode(tables[3].partition(",")[2]).decode()
    assert first.startswith("experiment,model,corpus,task")
    assert {path.stem for path in (directory / "tables").glob("*.csv")} == set(contents.WHOLE)
    assert not list(directory.glob(".*"))


def test_every_row_leads_to_its_trials_and_the_configuration(built):
    build, directory = built
    texts = build()
    trials = [link for link in Page(texts["report"]).links if link.endswith(".json")]
    # 8 sweeps (two settings, targets and models), k by both criteria.
    assert len(trials) >= 2 * 8
    assert all(link.startswith("trials/") for link in trials)
    for name in ("report", "start", "runtimes"):
        assert "config.yaml" in Page(texts[name]).links
    assert "title: <asked> & so" in Page(texts["report"]).words


def test_links_are_seen_from_the_page(tmp_path):
    path = "results/trials/m/c/r/en+zh@30/seed-1/a b#/k-03.json"
    seen = "trials/m/c/r/en+zh@30/seed-1/a%20b%23/k-03.json"
    assert pages.seen_from(path, "results") == seen
    assert pages.seen_from(path, "results/studies/x/tables") == f"../../../{seen}"
    several = tables.cell("3, 5†", links=[("3", path), ("5", "results/b.json")])
    text = pages.linked(several, "results/studies")
    assert text == f'<a href="../{seen}">3</a>, <a href="../b.json">5</a>†'
    one = tables.leading(tables.gain(0.5), ["results/b.json"])
    assert pages.linked(one, "results") == '<a href="b.json">+0.50</a>'
    two = tables.leading(tables.cell("<1"), ["results/b.json", "results/c.json"])
    links = '<a href="b.json">1</a> <a href="c.json">2</a>'
    assert pages.linked(two, "results") == f'&lt;1<span class="below wrap">{links}</span>'
    assert tables.leading(tables.cell("x"), [])["links"] == []


def test_a_configuration_can_be_run_again(tmp_path):
    for path in sorted((Path(__file__).parents[2] / "config").glob("*.yaml")):
        study = configuration.load(yaml.safe_load(path.read_text(encoding="utf-8")))
        pages.write_configuration(study, tmp_path / "config.yaml")
        text = (tmp_path / "config.yaml").read_text(encoding="utf-8")
        assert configuration.load(yaml.safe_load(text)) == study, path
        assert "&id" not in text


def test_a_table_that_is_expected_and_has_nothing_says_why(tmp_path):
    pages.write_table(tables.empty("rankings-costs", "No trials."), tmp_path, "")
    for ending in ("html", "csv", "tex"):
        assert "No trials." in (tmp_path / f"rankings-costs.{ending}").read_text()


def test_tables_that_compare_rankings_are_known_before_any_number(tmp_path):
    families = {code: {"family": "x" if code != "zh" else "y"} for code in LANGUAGES}
    names = ("gradient-en", "gradient-de", "gradient-zh", "lrp-en")
    sweeps = [made_up.sweep(tmp_path, ranking=name) for name in (names[0], names[3])]
    for made in sweeps:
        sides = {("dev", "en"): [80.0, 81, 82, 83], ("test", "de"): [60.0, 61, 62, 63]}
        made_up.write_sweep(made, sides)
    training = Training("mbert", "ud-2.7", "small", ("en",), 42)
    rankings = [contents.ranked(training, name, "pos") for name in names]
    planned = contents.compared(sweeps, rankings, families)
    assert planned == [
        "rankings-compared",
        "rankings-costs",
        "languages.mbert.ud-2.7.small.seed-42.gradient",
        "common-heads",
        "common-heads-families",
    ]
    _, scores, choices = read(sweeps)
    heads = [[0, 0], [0, 1], [1, 0], [1, 1]]
    rankings = [r | {"order": heads, "order_unnormalised": heads} for r in rankings]
    found = contents.comparisons(Results(choices, scores, rankings, families, PUBLISHED), sweeps)
    assert list(found) == planned
    captions = ["", "", "languages", "common-heads", "common-heads"]
    assert [contents.caption(name) for name in planned] == captions


def test_start_page_says_what_the_data_say(built):
    build, directory = built
    words = " ".join(Page(build()["start"]).words.split())
    sweeps = made_up.study(Path("trials"))
    trainings = len({path for made in sweeps for path in made["trials"]})
    assert f"trainings {trainings - 1}" in words
    assert "missing: 1." in words
    assert "one seed" in words and "noise was not measured" in words
    assert "not compared with random ones" in words
    assert "k chosen on dev: pruning changed the test score by" in words
    assert "best of k ≥ 1 on test" in words


def test_findings_count_and_average(tmp_path):
    sweeps = [made_up.sweep(tmp_path, target=code) for code in ("de", "zh")]
    values = {
        ("dev", "en"): [80.0, 81.0, 79.0, 78.0],
        ("test", "de"): [60.0, 62.0, 64.0, 61.0],
        ("test", "zh"): [50.0, 49.0, 48.0, 50.5],
    }
    made_up.write_sweep(sweeps[0], values)
    plan, _, choices = read(sweeps)
    main = exhibits.main_choices(plan, choices)
    found = findings.findings(sweeps, sweeps[0]["trials"], main, LANGUAGES)
    assert found["numbers"][0] == ("4", "trainings")
    sound, best = found["found"]
    assert "by +0.50 percentage points on average over 2 sweeps. 1 went up, 1 down, 0" in sound
    assert "give +2.25 on average, and 2 of 2 go up" in best
    assert "by +1.75" in best
    assert "from English to German and Chinese (cross-lingual); k = 0–3" in found["run"][0]


def test_masking_is_no_training(tmp_path):
    made = made_up.sweep(tmp_path, protocol="mask")
    found = findings.findings([made], made["trials"], [], LANGUAGES)
    assert found["numbers"][:2] == [("1", "training"), ("3", "evaluations of masked models")]
    assert "masked after training" in found["run"][0]


def test_table_pages(tmp_path):
    plan, scores, choices = read(made_up.study(tmp_path))
    results = Results(choices, scores, [], LANGUAGES, PUBLISHED)
    for table in contents.tables_of(next(e for e in plan if e["kind"] == "table"), results):
        pages.write_table(table, tmp_path, "table")
        page = Page((tmp_path / f"{table['name']}.html").read_text(encoding="utf-8"))
        assert table["title"] in page.words and "rank" in page.words
        assert (tmp_path / f"{table['name']}.csv").read_text().count("\n") == 5
