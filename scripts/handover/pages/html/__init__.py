"""A document as one HTML file that asks nothing of anybody: no script, no request, no second file."""
