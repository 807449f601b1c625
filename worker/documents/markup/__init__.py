"""HTML and XML without a tree: time and memory grow with the bytes, whatever the nesting."""
