#!/bin/sh
# What an operator's script does today, for four services: is the port taken, does /health answer, who is connected,
# what does it use, what went wrong lately.  status.sh LOG_FOLDER NAME:PORT...
logs=$1; shift
for service in "$@"; do
    name=${service%%:*}; port=${service##*:}
    pid=$(lsof -ti "tcp:$port" -sTCP:LISTEN 2>/dev/null | head -1)
    code=$(curl -s -o /dev/null -m 5 -w '%{http_code} %{time_total}' "http://127.0.0.1:$port/health")
    people=$(netstat -tn 2>/dev/null | grep ":$port " | grep -c ESTABLISHED)
    usage=$(ps -o %cpu=,rss=,etime= -p "${pid:-0}")
    errors=$(grep -ci 'error\|fatal' "$logs/$name.log" 2>/dev/null)
    echo "$name $port pid=$pid health=$code people=$people usage=$usage errors=$errors"
done
