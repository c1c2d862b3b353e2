"""What must hold for a journey file? The single cases of `pytest --journey`, without pytest."""
