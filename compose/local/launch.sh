#!/bin/sh
# launch.sh LOGFILE COMMAND…: become the command, writing to its log.
# The log does not pass through supervisor: what it starts keeps its log when supervisor is killed,
# and a busy service costs supervisor nothing. A log over 20 MB is set aside at every start.
log=$1
shift
if [ -f "$log" ] && [ "$(wc -c <"$log")" -gt 20000000 ]; then mv "$log" "$log.1"; fi
if [ -n "${HEARTBEAT_FILE:-}" ]; then rm -f "$HEARTBEAT_FILE"; fi
exec "$@" >>"$log" 2>&1
