"""Guards: what is checked of a rendering before anybody hears it, without a second model."""
