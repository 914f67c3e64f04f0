"""The records: what the database itself refuses, and what rows say of themselves."""
