"""The PDF page: a document set in Typst; everything here knows Typst, and nothing here knows HTML's page."""
