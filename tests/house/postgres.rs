//! A PostgreSQL server of the test's own, in a folder of its own, on a loopback port.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Who owns every database of the server, and the password that must show nowhere.
pub const USER: &str = "piaotan";
pub const PASSWORD: &str = "only-for-this-test";

/// Does what it is told line by line; at the end of its input, which is the end of the test however it
/// ends, the server stops and its folder goes.
const SCRIPT: &str = r#"
set -eu
export PATH="$1:$PATH" PGPASSWORD="$4"
port=$2 user=$3 dir=$(mktemp -d)
trap 'pg_ctl -D "$dir/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$dir"' EXIT
cd "$dir"
printf %s "$4" >password
initdb -D "$dir/data" -U "$user" -A scram-sha-256 --pwfile="$dir/password" -E UTF8 --locale=C --no-sync >"$dir/initdb" 2>&1
echo made
while read -r verb name; do
    case $verb in
    start) pg_ctl -D "$dir/data" -l "$dir/log" -w -t 120 -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$dir -c fsync=off" start >/dev/null ;;
    stop) pg_ctl -D "$dir/data" -m fast -w -t 120 stop >/dev/null ;;
    database) createdb -h 127.0.0.1 -p "$port" -U "$user" "$name" ;;
    esac
    echo "$verb"
done
"#;

/// A server that ends with the test.
pub struct Server {
    child: Child,
    told: Option<ChildStdin>,
    said: BufReader<ChildStdout>,
    port: u16,
    made: usize,
}

impl Server {
    /// Makes one and starts it; none, loudly, where PostgreSQL is not installed, and a failure in CI.
    pub fn start() -> Option<Self> {
        let Some(bin) = programs() else {
            assert!(std::env::var_os("CI").is_none(), "postgresql is missing; ./test installs it");
            eprintln!("SKIPPED: postgresql is not installed; ./test installs it");
            return None;
        };
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        // Its programs refuse to run as root.
        let root =
            std::fs::metadata("/proc/self").is_ok_and(|of| std::os::unix::fs::MetadataExt::uid(&of) == 0);
        let mut command = if root {
            let mut command = Command::new("su");
            command.args(["postgres", "-s", "/bin/sh", "-c", r#"exec /bin/sh -c "$0" "$@""#, "--", SCRIPT]);
            command
        } else {
            let mut command = Command::new("/bin/sh");
            command.args(["-c", SCRIPT]);
            command
        };
        command.arg("sh").arg(bin).args([&port.to_string(), USER, PASSWORD]);
        let mut child =
            command.current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (told, said) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        let mut server = Self { child, told, said, port, made: 0 };
        server.heard("made");
        server.tell("start");
        Some(server)
    }

    /// `start` or `stop`; back when it is done.
    pub fn tell(&mut self, verb: &str) {
        let told = self.told.as_mut().unwrap();
        writeln!(told, "{verb}").unwrap();
        self.heard(verb.split(' ').next().unwrap());
    }

    /// The address of a new, empty database.
    pub fn database(&mut self) -> String {
        self.made += 1;
        let name = format!("store{}", self.made);
        self.tell(&format!("database {name}"));
        self.address(&name)
    }

    pub fn address(&self, database: &str) -> String {
        format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{}/{database}", self.port)
    }

    fn heard(&mut self, expected: &str) {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        assert_eq!(line.trim(), expected, "what the server's script says");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.told.take());
        let _ = self.child.wait();
    }
}

/// Where `initdb` and its like are: Debian keeps them out of the way.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let packaged = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let packaged = packaged.map(|version| version.path().join("bin"));
    let mut found: Vec<PathBuf> = packaged.chain(std::env::split_paths(&path)).collect();
    found.retain(|dir| dir.join("initdb").exists() && dir.join("pg_ctl").exists());
    found.into_iter().next()
}
