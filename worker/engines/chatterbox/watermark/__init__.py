"""The watermark: audio says of itself, inaudibly, that it is synthetic (Perth's network, of Chatterbox's makers)."""
