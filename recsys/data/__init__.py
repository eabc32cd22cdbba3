"""Events, histories, vocabularies and the dataset they become."""
