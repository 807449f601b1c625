"""Tag words: the sounds and manners that some engine acts on, as a text names them in brackets."""

from __future__ import annotations

TAGS = frozenset(
    {"advertisement", "angry", "chuckle", "clear throat", "cough", "crying", "dramatic", "fear", "gasp", "groan"}
    | {"happy", "laugh", "narration", "sarcastic", "shush", "sigh", "sniff", "surprised", "whispering"}
)
"""The tokens that Chatterbox Turbo's tokenizer has beyond GPT-2's."""
