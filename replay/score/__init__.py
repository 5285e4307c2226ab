"""Score: what a drill's engine found of the hidden truth, how fast, and what stood in the way."""
