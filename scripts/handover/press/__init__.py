"""How a report is printed: knows Jupyter's tools, knows nothing of troops."""
