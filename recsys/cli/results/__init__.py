"""What ``--json`` prints: one object, whose keys are the fields of a class, in a module a stage."""
