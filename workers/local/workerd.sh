#!/bin/sh
# Becomes workerd, with as many open files as the system allows. Ctrl-C reaches every process of a terminal at once:
# it is ignored here, so that the server ends its parts in their order.
trap '' INT HUP
ulimit -n "$(ulimit -Hn)" 2>/dev/null || ulimit -n 10240 2>/dev/null
echo $$ >"$MILLRACE_PROCESSES/workerd"
exec "$MILLRACE_WORKERD" "$@"
