"""From a method's score terms per frame to scores, metrics and intervals.

High = abnormal and label 1 = abnormal throughout; numbers of normality are turned at the edge (``terms.ORIENTATION``).
"""
