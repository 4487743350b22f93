"""The minimum of metadata that a team wants of its jobs, and who is missing what. Pure, but for the facts."""
