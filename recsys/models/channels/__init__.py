"""What a model makes of the channels of a history beside its items."""
