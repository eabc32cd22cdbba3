"""What a log's columns most likely mean, and why: for ``recsys init``, which leaves the last word to a person."""
