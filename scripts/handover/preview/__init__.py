"""A report in the browser while it is being written: rendered again at each save, published never."""
