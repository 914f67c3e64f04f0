"""The import of permits: reading files, checking, writing, and the pages around it."""
