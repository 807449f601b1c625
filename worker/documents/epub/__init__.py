"""EPUB 2 and 3: an archive of XHTML files, with an order and a table of contents."""
