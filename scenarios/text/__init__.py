"""How text for people is written: numbers with nouns, names, intervals, and text that comes from outside."""
