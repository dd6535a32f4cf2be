"""Where two files differ first, in words of the report rather than of the file: which page, which chart, which fact."""
