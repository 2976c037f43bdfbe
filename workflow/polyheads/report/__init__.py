"""The report: pages, their sections, what a study worked with, and LaTeX."""
