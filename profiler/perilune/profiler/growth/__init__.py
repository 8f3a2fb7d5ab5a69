"""How the figures of a program grow with the size of what it works on: families of growth, fits, predictions.

Counts are exact, so that a fit may be strict: what two families explain equally well is said to be one or the other.
"""
