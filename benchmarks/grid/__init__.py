"""Many cells: which are done, how long the others take, and the engine that runs them."""
