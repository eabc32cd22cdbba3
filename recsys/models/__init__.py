"""The recommender: attention, blocks, losses. The only folder that touches Keras."""
