#!/bin/sh
# Starts a program ($1), runs a command that may use its pid as $p ($2), and traces the program with the remaining arguments.
trap : INT
program=$1 before=$2
shift 2
eval "$program &"
p=$!
eval "$before"
echo "pid|$p"
code=0
"$@" -p "$p" || code=$?
echo "exit|$code"
kill -9 "$p" 2>/dev/null
exit 0
