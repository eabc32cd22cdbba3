"""The recommender: attention, blocks, losses. Only its keras.py sets Keras up."""
