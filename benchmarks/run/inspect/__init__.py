"""Inspections of a trained method: what its items, queries and outputs are like. They change no score."""
