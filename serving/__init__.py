"""The device: rerank candidates through a bundle, with numpy and LiteRT only."""
