"""Cells and CSV of tables: numbers for people, plain ones for programs."""

from polyheads.report import cells
from polyheads.report.table import Table, csv_text


def test_numbers_for_people():
    assert cells.signed(-0.001) == "0.00"
    assert cells.signed(-1.25) == "−1.25"
    assert cells.signed(0.5) == "+0.50"
    assert cells.gain(-0.001).kind == ""
    assert cells.gain(0.4).kind == "up"
    assert cells.gain(None).text == "missing"
    assert cells.number(None) == "–"


def test_csv_goes_by_names():
    lines = [{"a": 1, "b": 2.5}, {"b": 3, "a": None}, {"a": 4, "c": "x"}]
    table = Table(name="x", title="", records=lines)
    assert csv_text(table).splitlines() == ["a,b,c", "1,2.500000,", ",3,", "4,,x"]


def test_every_k_leads_to_its_trial():
    cell = cells.ks_cell([2, 3], ["a.json", "b.json"], ["1 4"], "kind")
    assert (cell.text, cell.kind) == ("2, 3†", "kind")
    assert cell.note == "missing: k = 1 4; a.json; b.json"
    assert cell.links == (("2", "a.json"), ("3", "b.json"))
    assert cells.ks_cell([], []).text == "missing"
