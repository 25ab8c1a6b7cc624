"""Figures and tables that scripts in experiments/ draw of one run or of several: one file a script, named after it.

Several scripts compare runs that differ in one thing; what they draw is in `side_by_side`.
"""
