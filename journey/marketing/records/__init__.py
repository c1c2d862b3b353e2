"""Marketing records: their models, and how folders of them are read."""
