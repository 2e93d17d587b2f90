"""
Documents made from the OpenAPI descriptions of both services: plain Python, without Django.

The pages for people and the files for tools say what docs/openapi says, so none can be out of date
alone.
"""
