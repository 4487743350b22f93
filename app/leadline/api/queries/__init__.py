"""What the store knows, asked over HTTP: each command of the command line that prints --json has a path (docs/http.md)."""
