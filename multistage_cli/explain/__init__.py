"""A rule's page: what it finds, why that is bad, and how to mend it. Stands on `analyze`, as `report` does."""
