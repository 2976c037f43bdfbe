"""Which attention heads a multilingual encoder needs, and what is left without the others."""
