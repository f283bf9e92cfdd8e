#!/bin/sh
# What an operator's script does today, for four services: is the port taken, does /health answer, who is connected,
# what does it and its children use, what went wrong
# lately; and how is the machine.  status.sh LOG_FOLDER NAME:PORT...
logs=$1; shift
for service in "$@"; do
    name=${service%%:*}; port=${service##*:}
    pid=$(lsof -ti "tcp:$port" -sTCP:LISTEN 2>/dev/null | head -1)
    code=$(curl -s -o /dev/null -m 5 -w '%{http_code} %{time_total}' "http://127.0.0.1:$port/health")
    people=$(netstat -tn 2>/dev/null | grep ":$port " | grep -c ESTABLISHED)
    usage=$(ps -o user=,comm=,%cpu=,rss=,etime= -p "${pid:-0}")
    children=$(ps -o rss= --ppid "${pid:-0}" | paste -sd+ -)
    errors=$(grep -ci 'error\|fatal' "$logs/$name.log" 2>/dev/null)
    echo "$name $port pid=$pid health=$code people=$people usage=$usage+$children errors=$errors"
done
uptime; free -m | sed -n 2p; df -hP / | tail -1
