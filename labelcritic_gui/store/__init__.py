"""The database of a review; sqlalchemy stays inside."""
