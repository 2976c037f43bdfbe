"""Tables, one module for each kind: rows of the analysis as cells, records and notes."""
