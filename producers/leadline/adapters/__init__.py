"""What other tools send, turned into Leadline's events: pure, one package or module per tool."""
