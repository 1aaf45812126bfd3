#!/bin/sh
# Starts a process in a debug pod and prints gdb's output about it: `sh -s BEFORE GDB PROCESS...`. In the output, PID stands for
# its pid. BEFORE is run first, and may use $pid and set $helper; GDB is the command that starts gdb.
before=$1 gdb=$2
shift 2
"$@" >/dev/null 2>&1 &
pid=$!
sleep 0.5
eval "$before"
set -- -nx -q -iex "set auto-load off" -iex "set auto-load safe-path /dev/null" \
  -iex "set libthread-db-search-path /dev/null" -iex "set debuginfod enabled off" -iex "source /opt/scope/gdb.py" \
  -batch -ex "python scope_backtrace($pid)"
echo "# gdb $*" | sed "s/($pid)/(PID)/"
code=0
(eval "$gdb \"\$@\"") </dev/null >/tmp/stdout 2>/tmp/stderr || code=$?
sed "s/^/stderr|/" /tmp/stderr
sed "s/^/stdout|/" /tmp/stdout
echo "exit|$code"
# shellcheck disable=SC2086 # there may be no helper
kill -KILL "$pid" ${helper-} 2>/dev/null
rm -f /tmp/stdout /tmp/stderr
