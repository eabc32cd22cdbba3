"""Jobs for workers on other machines: what a pipeline carries there, and whether they could have all of it."""
