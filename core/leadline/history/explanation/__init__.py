"""Why: a pure function from what history knows to what most likely happened. No clock, no store."""
