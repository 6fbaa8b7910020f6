"""What the records say about each claim: contrasts, words, the primary question, the verdict and the answer."""
