"""OpenLineage's events become Leadline's: one in, whatever it says out, each on its own topic under a derived id."""
