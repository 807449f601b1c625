"""Text: source to passages, and passages to what is spoken."""
