# Sourced by the benchmarks: `serve CPU` starts nginx with one worker on that CPU, which answers every path with
# 250 bytes of JSON; sets $url, $nginx (its pid) and $log. Ends with the script. Needs nginx and taskset.
work=$(mktemp -d)
pids=()
trap 'kill -CONT "${pids[@]}" 2>/dev/null || true; kill "${pids[@]}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT

# A port that nobody has.
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

serve() {
    local at=$(port) body
    body=$(printf '{"code":"0000","message":"ok","data":{"status":"UP","pad":"%0186d"}}' 0)
    log=$work/access.log
    url=http://127.0.0.1:$at
    cat >"$work/nginx.conf" <<EOF
daemon off; master_process off; pid $work/pid; error_log $work/error.log;
events { worker_connections 16384; }
http {
    log_format done '\$msec';
    access_log ${2:-off} ${3:-};
    keepalive_requests 100000000; client_body_temp_path $work; proxy_temp_path $work; fastcgi_temp_path $work;
    uwsgi_temp_path $work; scgi_temp_path $work;
    server { listen 127.0.0.1:$at backlog=8192; default_type application/json; location / { return 200 '$body'; } }
}
EOF
    taskset -c "$1" nginx -e "$work/error.log" -c "$work/nginx.conf" & nginx=$!
    pids+=("$nginx")
    until curl -sf "$url/health" >/dev/null; do sleep 0.05; done
}

# The middle of the numbers on standard input.
median() { sort -g | awk '{v[NR] = $1} END {print (NR % 2) ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }
