"""Pruned models to take away: what a study exports, and the directories that others load."""
