"""The contestants of `training.py`: one room for each framework, and what they share."""
