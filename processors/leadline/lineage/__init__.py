"""Lineage: from the events of runs to edges, changes, readings of the runs, and LOST."""
