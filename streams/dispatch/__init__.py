"""Better plans with OR-tools, and the decisions that follow from a plan, as records."""
