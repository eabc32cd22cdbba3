"""Items as people look at them: what is near one, a page of it, and why one is ranked where it is."""
