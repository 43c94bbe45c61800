"""What is made or shown from the project, and is no test."""
