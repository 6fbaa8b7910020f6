"""Baselines that every method must beat. So far those that learn nothing by gradient; plain arrays in and out."""
