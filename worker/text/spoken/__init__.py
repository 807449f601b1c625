"""Written forms and how each language says them."""
