"""What every role needs, and nothing else: errors, settings, clock, health."""
