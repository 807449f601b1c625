"""PDF: lines at places on pages, which become paragraphs again."""
