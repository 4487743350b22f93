"""One command each: `python -m benchmarks.NAME`; the results of one machine are in docs/performance.md."""
