"""SQL views of the marketing records, shared by checks and analyses."""
