"""What a stage no longer makes is deleted; what it never made stays."""

from polyheads.report import leftovers


def test_only_what_the_stage_itself_made_before_is_deleted(tmp_path):
    study = tmp_path / "studies" / "mine"
    tables = study / "tables"
    tables.mkdir(parents=True)

    def run(stage, *names):
        made = [tables / name for name in names]
        leftovers.clear(study, stage, [*made, tmp_path / "report.html"])
        for path in made:
            path.write_text(stage)

    (tables / "notes.csv").write_text("my own")
    (tmp_path / "report.html").write_text("whole")
    run("tables", "old.csv", "same.csv")
    run("pages", "claims.csv")
    assert {p.name for p in tables.iterdir()} == {"notes.csv", "old.csv", "same.csv", "claims.csv"}
    run("tables", "new.csv", "same.csv")
    run("pages", "claims.csv")
    assert {p.name for p in tables.iterdir()} == {"notes.csv", "new.csv", "same.csv", "claims.csv"}
    run("pages")  # all of its files are gone, and the report lies elsewhere
    assert not (tables / "claims.csv").exists() and (tmp_path / "report.html").exists()
