"""Benchmarks of speed: each measures one part on this machine and writes the result as JSON."""
