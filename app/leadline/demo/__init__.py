"""A team's quarter on real data: the programs of the team (`jobs/`), what is planted among them, and the telling of it."""
