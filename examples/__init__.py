"""Each method in one file, to be read first; the benchmarks of speed take them as the published recipe."""
