"""The rules, by subject: every module here is imported, and every rule in it runs; see `analyze/rule.py`."""
