"""Replays: the synthetic city, importers of real data, and the oracle that judges the brain."""
