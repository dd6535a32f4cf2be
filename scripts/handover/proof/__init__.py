"""Whether an edition is what the data says: hashes, then a second render; stands above the press."""
