from dataclasses import dataclass


@dataclass(frozen=True)
class ControlRow:
    a: int = 0
def rows(*a): return []
