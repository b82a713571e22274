"""Reads the reports that clprobe writes."""
import gzip
import json


def load(path):
    """The document in a file, which may be packed (.json.gz)."""
    opened = gzip.open if str(path).endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8") as file:
        return json.load(file)
