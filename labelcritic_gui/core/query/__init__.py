"""The language in which the worklist is filtered: fields, parsing, writing, completing. Layer: core."""
