"""
The whole system on one machine, without Docker: what `./manage_all.sh` does.

`processes` says what runs, `lifecycle` starts and stops it, `status` looks at it. One stack is
one `LOCAL_DIR` with its ports shifted by one `PORT_OFFSET`; several run side by side.
"""
