"""The report on campaigns: text formats, sections, and the document."""
