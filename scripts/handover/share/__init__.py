"""Passing editions on: as one file, as a mirror, and without those that nobody needs any more.

Stands above the press, whose store and manifests it reads; knows nothing of how a page is made.
"""
