"""Figures as SVG, drawn apart from tables, which drawing must not rerun."""
