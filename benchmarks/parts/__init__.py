"""One module for each part of the benchmark: ``measure`` gives its rows."""
