"""What Dispatcharr knows of its processes and their databases."""
