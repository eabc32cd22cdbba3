"""Self-attentive sequential recommendation: event log → dataset → run → bundle → ranking.

Importing this package imports nothing else: each command and each stage loads only what it needs.
"""

__version__ = "0.1.0"
