"""What the marketing records say, as SQL views that checks and analyses share."""
