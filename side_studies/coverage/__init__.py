"""How often the intervals of this study hold the truth, on simulated studies."""
