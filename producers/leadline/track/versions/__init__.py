"""What versions hold: files, tables, data frames and models, described within the call and within bounds.

`describe.describe` is the way in. Nothing here imports a library that the job has not imported, but for narwhals, numpy and
fsspec, and those only once something is to be described that needs them.
"""
