"""CV*: how near own scores are to the published ones."""

from math import pi, sqrt

import made_up
import pytest
from test_tables import LANGUAGES, PUBLISHED, rows_of

from polyheads.exhibits import reproduction, tables


def test_cv_star_by_hand():
    # 60 and 62: s = sqrt(2), c4 of two = sqrt(2 / pi), so s / c4 = sqrt(pi); mean 61.
    expected = (1 + 1 / 8) * 100 * sqrt(pi) / 61
    assert expected == pytest.approx(3.2689, abs=1e-4)
    assert reproduction.cv_star([60.0, 62.0]) == pytest.approx(expected)
    # 1, 2, 3: s = 1, c4 of three = sqrt(pi) / 2 (0.8862), mean 2.
    expected = (1 + 1 / 12) * 100 * (2 / sqrt(pi)) / 2
    assert reproduction.cv_star([1.0, 2.0, 3.0]) == pytest.approx(expected)
    assert reproduction.cv_star([50.0, 50.0]) == 0
    assert reproduction.cv_star([50.0]) is reproduction.cv_star([0.0, 0.0]) is None
    assert reproduction.of_both(None, 60.0) is reproduction.of_both(60.0, None) is None


def test_every_published_score_that_is_run_has_one(tmp_path):
    sweeps = made_up.study(tmp_path, seeds=(1, 2))
    plan, rows = rows_of(sweeps, tmp_path)
    own, published = (
        tables.result_table(exhibit, rows, LANGUAGES, PUBLISHED) for exhibit in plan[:2]
    )
    assert not any(name.startswith("cv_") for record in own["records"] for name in record)
    found = []
    for target, theirs in (("de", None), ("zh", (59.88, 59.99))):
        mine = [r for r in published["records"] if (r["model"], r["target"]) == ("mbert", target)]
        theirs = theirs or (mine[0]["published_unpruned"], mine[0]["published_test_oracle"])
        for name, column, score in zip(
            ("cv_unpruned", "cv_test_oracle"), ("unpruned", "test_oracle_test"), theirs, strict=True
        ):
            mean = sum(record[column] for record in mine) / 2
            expected = reproduction.cv_star([score, mean])
            assert [r[name] for r in mine] == pytest.approx([expected] * 2)
            found.append(expected)
    assert {r["cv_test_oracle"] for r in published["records"] if r["model"] == "tiny"} == {None}
    middle = sorted(found)[1:3]
    words = f"{sum(middle) / 2:.2f} over 4 scores"
    assert any(words in note for note in published["notes"])
    (sentence,) = reproduction.sentences([own, published])
    assert f"{published['title']}: {words}." in sentence
    assert reproduction.sentences([own]) == reproduction.note(own["records"]) == []
