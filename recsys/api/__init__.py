"""What ``import recsys`` gives, over the stages below: strings for paths, artifacts instead of outcomes."""
