"""How names of columns are spelt."""


def field_name(name: str) -> str:
    """A column's name as a field would be spelt: ``" Customer ID "`` gives ``customer_id``."""
    return "_".join(name.strip().lower().replace("-", " ").replace("_", " ").split())
