#!/bin/sh
# Starts the host with as little memory as it needs: it only waits, while workerd and the agent work.
# One arena and early trimming save 27 MB of glibc's, small young generations 30 MB of V8's; other systems ignore the first.
export MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=65536 MALLOC_MMAP_THRESHOLD_=65536
exec node --max-semi-space-size=1 --optimize-for-size "$(dirname "$0")/start.ts" "$@"
