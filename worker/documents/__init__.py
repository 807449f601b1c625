"""Documents that are to be read aloud: plain text, Markdown, HTML, EPUB and PDF."""
