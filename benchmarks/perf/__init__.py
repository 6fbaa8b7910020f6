"""Benchmarks of speed: each measures one part on the machine at hand and writes what it found as JSON."""
