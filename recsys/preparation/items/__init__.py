"""The table of items beside a log: read, checked, proposed to a config, and made the features of a dataset."""
