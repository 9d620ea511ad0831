"""Random numbers in plain NumPy: the Mersenne Twister's words, and samples made of them, bit for bit as PyTorch's."""
