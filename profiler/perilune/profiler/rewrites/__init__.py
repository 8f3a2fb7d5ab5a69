"""Rewrites that are meant to do the same for less, found in a program's text: one module for each pattern.

Nothing here runs anything. What the text alone shows is checked; whether a rewrite does the same, and whether it gains
anything, only a run can tell.
"""
