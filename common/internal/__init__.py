"""
What the services ask each other over HTTP: to compare and to repair, never to move money.

The routes lie below `/internal/v1/`; the gateway knows none of them.
"""
