"""The tables of the report: one module for each kind; they show what `analysis` computed."""
