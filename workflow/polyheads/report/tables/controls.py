from polyheads.report.table import empty


def table(display, rows, languages): return empty(display.name,"stub")
