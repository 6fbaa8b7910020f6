"""Campaigns against the project itself: damaged inputs to every reader, and faults injected into a run."""
