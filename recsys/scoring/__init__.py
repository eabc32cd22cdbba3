"""Scoring all at once: the best items for each user, or those nearest to each item, of all that may be shown."""
