"""The cache: utterances that were rendered once are kept under a digest of all that their samples follow from."""
