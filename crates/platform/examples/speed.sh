#!/bin/bash
# Requests per CPU-second of the platform and of nginx serving a static JSON of the same size, in alternating rounds.
# Usage: speed.sh PATH/TO/examples/serve   (needs nginx, wrk, curl; two free cores; about two minutes)
# Server on core 0, wrk on core 1; what counts is the server's own user and system time.
set -euo pipefail
serve=$1
work=$(mktemp -d)
trap 'kill $platform $nginx 2>/dev/null || true; rm -rf "$work"' EXIT
printf '[rules]\ndaily_limit = 0\n' > "$work/weather.toml"
taskset -c 0 "$serve" --one-thread --weather "$work/weather.toml" > "$work/ready" & platform=$!
until grep -q listening "$work/ready"; do sleep 0.1; done
base=$(sed 's/listening on //' "$work/ready")

json() { curl -s -H 'content-type: application/json' -d "$2" "$base$1"; }
mobile=13800000001
json /api/sms "{\"mobile\":\"$mobile\"}" > /dev/null
code=$(curl -s "$base/_inbox/$mobile" | grep -o '[0-9]\{6\}')
json /api/register "{\"mobile\":\"$mobile\",\"name\":\"x\",\"password\":\"secret123\",\"sms_code\":\"$code\"}" > /dev/null
token=$(json /api/login "{\"mobile\":\"$mobile\",\"password\":\"secret123\"}" | grep -o '[0-9a-f]\{32\}')
number=26110000000000000001
head -c 20000 /dev/zero | tr '\0' x > "$work/pad"
(printf '%%PDF-1.4\n'; cat "$work/pad"; printf '\n%%%%EOF\n') > "$work/a.pdf"
curl -s -H "authorization: Bearer $token" -F number=$number -F issue_date=2026-01-02 -F amount=1000.00 -F tax=130.00 -F total=1130.00 \
  -F total_words=壹仟壹佰叁拾元整 -F title=北京样例贸易有限公司 -F buyer_tax_id=91350100M000100Y43 -F seller_name=北京样例服务有限公司 \
  -F seller_tax_id=91350100M000100Y43 -F "file=@$work/a.pdf" "$base/api/invoices" > /dev/null

mkdir -p "$work/www" "$work/log"
curl -s -H "authorization: Bearer $token" "$base/api/invoices/$number" > "$work/www/query.json"
curl -s "$base/api/verify?number=$number&date=2026-01-02&total=1130.00" > "$work/www/verify.json"
cat > "$work/nginx.conf" <<NGINX
worker_processes 1; worker_cpu_affinity 01; daemon off; master_process off; pid $work/pid; error_log $work/log/error;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 1000000000; default_type application/json; client_body_temp_path $work/log;
proxy_temp_path $work/log; fastcgi_temp_path $work/log; uwsgi_temp_path $work/log; scgi_temp_path $work/log;
server { listen 127.0.0.1:18089; root $work/www; } }
NGINX
taskset -c 0 nginx -c "$work/nginx.conf" & nginx=$!
sleep 0.5

cat > "$work/upload.lua" <<'LUA'
local pad = io.open(os.getenv("PAD")):read("*a")
local n, id = 0, 0
function setup(thread) thread:set("id", id); id = id + 1 end
local function part(name, value) return '--bb\r\nContent-Disposition: form-data; name="' .. name .. '"\r\n\r\n' .. value .. '\r\n' end
local rest = part("issue_date", "2026-01-02") .. part("amount", "1000.00") .. part("tax", "130.00") .. part("total", "1130.00")
  .. part("total_words", "壹仟壹佰叁拾元整") .. part("title", "北京样例贸易有限公司") .. part("buyer_tax_id", "91350100M000100Y43")
  .. part("seller_name", "北京样例服务有限公司") .. part("seller_tax_id", "91350100M000100Y43")
  .. '--bb\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n' .. "%PDF-1.4\n" .. pad .. "\n%%EOF\n\r\n--bb--\r\n"
local headers = { ["content-type"] = "multipart/form-data; boundary=bb", ["authorization"] = "Bearer " .. os.getenv("TOKEN") }
function request()
  n = n + 1
  return wrk.format("POST", "/api/invoices", headers, part("number", string.format("2611%s%014d", os.getenv("ROUND"), n)) .. rest)
end
LUA
export TOKEN=$token PAD=$work/pad

ticks() { awk '{print $14 + $15}' "/proc/$1/stat"; }
# measure PID URL [wrk arguments]: requests, and requests per CPU-second of the server.
measure() {
  local pid=$1 url=$2 before after out; shift 2
  before=$(ticks "$pid")
  out=$(taskset -c 1 wrk -t1 -c64 -d5s "$@" "$url")
  after=$(ticks "$pid")
  echo "$out" | grep -q 'Non-2xx' && { echo "answers other than 2xx: $out" >&2; exit 1; }
  echo "$out" | awk -v cpu=$((after - before)) '/requests in/ {printf "%d %.0f\n", $1, $1 / (cpu / 100)}'
}
round() {
  local name=$1 path=$2 file=$3 mine theirs
  mine=$(measure $platform "$base$path" -H "authorization: Bearer $token")
  theirs=$(measure $nginx "http://127.0.0.1:18089/$file")
  awk -v n="$name" -v a="${mine#* }" -v b="${theirs#* }" 'BEGIN {printf "%s: platform %d, nginx %d requests per CPU-second, ratio %.2f\n", n, a, b, a / b}'
}
for i in 1 2 3; do
  round query "/api/invoices/$number" query.json
  round verify "/api/verify?number=$number&date=2026-01-02&total=1130.00" verify.json
  out=$(ROUND=$((i + 10)) measure $platform "$base" -s "$work/upload.lua")
  echo "upload of 20 KB: ${out#* } per CPU-second"
done
