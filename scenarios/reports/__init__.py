"""Results as documents: sections and tables for Markdown and HTML."""
