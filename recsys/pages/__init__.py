"""HTML pages that need nothing else, and figures in them: one look for all that this project writes."""
