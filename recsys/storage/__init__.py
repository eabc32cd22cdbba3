"""Artifacts and logs in stores, such as buckets: copied here to be read, and sent there when they are whole.

Everything here takes the path of a copy (``recsys.core.mirror``); for any other path it does nothing.
"""
