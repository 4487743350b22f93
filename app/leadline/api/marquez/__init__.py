"""Marquez's read endpoints over Leadline's store, so that what asks Marquez can ask Leadline (docs/marquez.md)."""
