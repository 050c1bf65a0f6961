#!/usr/bin/env bash
# watched.sh COMMAND…: runs a server until standard input closes. So it ends with whoever started it, even one that was killed.
set -u
exec 3<&0
"$@" </dev/null 3<&- &
server=$!

end() {
  kill -TERM "$server" 2>/dev/null
  for _ in {1..40}; do
    kill -0 "$server" 2>/dev/null || return
    sleep 0.1
  done
  kill -KILL "$server" 2>/dev/null
}

{
  read -r _ <&3
  end
} &
watcher=$!
exec 3<&-
trap end TERM INT
wait "$server"
code=$?
kill "$watcher" 2>/dev/null
exit "$code"
