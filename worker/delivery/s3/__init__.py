"""Delivery to S3: a file is uploaded part by part while it is being made."""
