"""From a catalogue entry to a prepared corpus: fetching, readers, splits, the grammar."""
