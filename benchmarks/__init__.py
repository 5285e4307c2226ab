"""What it costs: `python -m benchmarks`. Nothing imports this room."""
