"""What Polyheads costs in time and memory, against what people do today; see docs/speed.md."""
