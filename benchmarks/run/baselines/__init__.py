"""Baselines as methods: a module each, so that the fingerprint of a cell holds its own leaf and no other."""
