"""The recommender: attention, blocks, transition memory. Only its keras.py sets Keras up."""
