//! The thin server: streams, sockets, time, TLS, and what badly behaved clients do to it.

#![allow(clippy::unwrap_used)]

mod visitor;

use piaotan_platform::{Clock, Storage, Weather, World, serve, serve_stream};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use visitor::{Invoice, start, world};

/// A conversation over an in-memory stream, under paused time.
struct Talk {
    stream: DuplexStream,
    clock: Clock,
}

impl Talk {
    fn with(world: Arc<World>) -> Talk {
        let (stream, other) = tokio::io::duplex(1 << 20);
        let clock = Clock::showing(start());
        tokio::spawn(serve_stream(other, world, clock, None));
        Talk { stream, clock }
    }

    fn new(weather: &str) -> Talk {
        Talk::with(world(weather, Storage::Memory))
    }

    async fn say(&mut self, text: &[u8]) {
        self.stream.write_all(text).await.unwrap();
    }

    /// Everything until the other side closes.
    async fn rest(&mut self) -> String {
        let mut all = Vec::new();
        let _ = self.stream.read_to_end(&mut all).await;
        String::from_utf8_lossy(&all).into_owned()
    }

    async fn get(&mut self, path: &str) -> String {
        self.say(format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes()).await;
        self.rest().await
    }

    fn elapsed(&self) -> f64 {
        (self.clock.now() - start()).num_milliseconds() as f64 / 1000.0
    }
}

#[tokio::test(start_paused = true)]
async fn replies_are_held_back_as_long_as_they_say() {
    let mut talk = Talk::new("[[latency]]\ndelay = 12.5");
    assert!(talk.get("/health").await.starts_with("HTTP/1.1 200 OK"));
    assert!((12.5..12.6).contains(&talk.elapsed()));
}

#[tokio::test(start_paused = true)]
async fn slow_bodies_come_in_pieces_and_cut_ones_end_early() {
    let mut talk = Talk::new("[[fault]]\nkind = \"slow_body\"\nshare = 1\nseconds = 8.0");
    let whole = talk.get("/health").await;
    assert!(whole.ends_with("{\"status\":\"UP\"}}"), "{whole}");
    assert!((7.0..9.0).contains(&talk.elapsed()), "{}", talk.elapsed());
    let mut talk = Talk::new("[[fault]]\nkind = \"cut_short\"\nshare = 1");
    let cut = talk.get("/health").await;
    assert!(cut.contains("content-length: 57") && cut.len() < whole.len() - 20, "{cut}");
}

#[tokio::test(start_paused = true)]
async fn a_reset_ends_the_stream_without_a_word() {
    let mut talk = Talk::new("[[fault]]\nkind = \"reset\"\nshare = 1");
    assert_eq!(talk.get("/health").await, "");
}

#[tokio::test(start_paused = true)]
async fn a_head_or_body_that_dawdles_is_given_up() {
    let mut talk = Talk::new("");
    talk.say(b"GET /health HTTP/1.1\r\nx-slow").await;
    talk.rest().await;
    assert!((59.0..62.0).contains(&talk.elapsed()), "{}", talk.elapsed());
    let mut talk = Talk::new("");
    talk.say(b"POST /api/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{").await;
    let answer = talk.rest().await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("\"4008\""), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn oversized_and_broken_bodies_get_an_envelope() {
    let post = |length: &str| {
        format!(
            "POST /api/invoices HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=x\r\n{length}\r\n\r\n"
        )
    };
    let mut talk = Talk::new("");
    talk.say(post("content-length: 99999999999").as_bytes()).await;
    let answer = talk.rest().await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("\"2004\""), "{answer}");
    let mut talk = Talk::new("");
    talk.say(post("transfer-encoding: chunked").as_bytes()).await;
    talk.say(b"zz\r\nnot a chunk").await;
    let answer = talk.rest().await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn an_endless_chunked_body_is_cut_off() {
    let mut talk = Talk::new("");
    talk.say(b"POST /api/invoices HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=x\r\ntransfer-encoding: chunked\r\n\r\n").await;
    let chunk = [b"10000\r\n".as_slice(), &[b'x'; 0x10000], b"\r\n"].concat();
    for _ in 0..200 {
        if talk.stream.write_all(&chunk).await.is_err() {
            break;
        }
    }
    let answer = talk.rest().await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn garbage_on_the_line_harms_nobody() {
    let world = world("", Storage::Memory);
    for garbage in [
        b"\x16\x03\x01\x02\x00".as_slice(),
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        &[0xff; 5000],
        b"GET /\xff\xfe HTTP/1.1\r\n\r\n",
    ] {
        let mut talk = Talk::with(world.clone());
        talk.say(garbage).await;
        drop(talk.stream.shutdown().await);
        talk.rest().await;
    }
    let long = "a".repeat(200_000);
    let mut talk = Talk::with(world.clone());
    let answer = talk.get(&format!("/{long}")).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{}", &answer[..60]);
    assert!(Talk::with(world).get("/health").await.contains("UP"));
}

/// A platform on a real socket; the sender stops it when dropped.
async fn listening(weather: &str) -> (SocketAddr, Arc<World>, oneshot::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let world = world("", Storage::Memory);
    let clock = Clock::showing(start());
    world.change_weather(start(), Weather::parse(weather).unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = serve(listener, world.clone(), clock, None, async {
        let _ = stopped.await;
    });
    tokio::spawn(serving);
    (address, world, stop)
}

async fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await?;
    let mut all = String::new();
    stream.read_to_string(&mut all).await?;
    Ok(all)
}

#[tokio::test]
async fn a_reset_on_tcp_is_a_reset() {
    let (address, _world, _stop) = listening("[[fault]]\nkind = \"reset\"\nshare = 1").await;
    let error = ask(address).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn while_refusing_nobody_listens_and_afterwards_the_port_is_back() {
    let (address, world, _stop) =
        listening("[[maintenance]]\nat = 0.05\nfor = 0.4\nanswer = \"refuse\"").await;
    let mut open = TcpStream::connect(address).await.unwrap();
    let error = open.read(&mut [0; 16]).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "open connections are reset");
    assert_eq!(ask(address).await.unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
    let (_, end) = world.refusal(start() + chrono::TimeDelta::milliseconds(100)).unwrap();
    tokio::time::sleep((end - start()).to_std().unwrap()).await;
    assert!(ask(address).await.unwrap().contains("UP"));
}

#[tokio::test]
async fn tls_on_request_with_a_generated_certificate() {
    use piaotan_platform::{ServeOptions, Tls, run};
    let folder = tempfile::tempdir().unwrap();
    let certificate = folder.path().join("ca.pem");
    let truth_file = folder.path().join("truth.json");
    let options = ServeOptions {
        listen: "127.0.0.1:0".parse().unwrap(),
        tls: Some(Tls::Generated { certificate: Some(certificate.clone()) }),
        data: None,
        weather: None,
        seed: 1,
        truth_file: Some(truth_file.clone()),
        exit_with_stdin: false,
    };
    let (ready, address) = oneshot::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(run(options, |a| ready.send(a).unwrap(), async {
        let _ = stopped.await;
    }));
    let address = address.await.unwrap();
    let answer = over_tls(address, &certificate).await;
    assert!(answer.contains("\"status\":\"UP\""), "{answer}");
    drop(stop);
    running.await.unwrap().unwrap();
    let truth: serde_json::Value = serde_json::from_slice(&std::fs::read(truth_file).unwrap()).unwrap();
    assert_eq!(truth["arrivals"]["health"], 1);
}

async fn over_tls(address: SocketAddr, certificate: &std::path::Path) -> String {
    use rustls_pki_types::pem::PemObject;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(rustls_pki_types::CertificateDer::from_pem_file(certificate).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config =
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let stream = TcpStream::connect(address).await.unwrap();
    let mut stream = connector.connect("localhost".try_into().unwrap(), stream).await.unwrap();
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all).await;
    String::from_utf8_lossy(&all).into_owned()
}

#[tokio::test]
async fn wrong_starts_are_one_line() {
    use piaotan_platform::{ServeOptions, run};
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let options = ServeOptions {
        listen: taken.local_addr().unwrap(),
        tls: None,
        data: None,
        weather: None,
        seed: 1,
        truth_file: None,
        exit_with_stdin: false,
    };
    let told = |e: piaotan_platform::Error| e.to_string();
    let error = told(run(options.clone(), |_| {}, async {}).await.unwrap_err());
    assert!(error.starts_with("listen 127.0.0.1:") && !error.contains('\n'), "{error}");
    let missing = ServeOptions {
        weather: Some("/nowhere/w.toml".into()),
        listen: "127.0.0.1:0".parse().unwrap(),
        ..options
    };
    let error = told(run(missing, |_| {}, async {}).await.unwrap_err());
    assert!(error.starts_with("weather: /nowhere/w.toml: No such file"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_upload_goes_through_the_wire_whole() {
    let visitor = visitor::Visitor::new("");
    let mut talk = Talk::with(visitor.world.clone());
    let body =
        Invoice::new(1).file(&[b"%PDF-1.4\n".as_slice(), &vec![b'x'; 300_000], b"\n%%EOF"].concat()).body();
    let head = format!(
        "POST /api/invoices HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {}\r\ncontent-type: multipart/form-data; boundary=b0undary\r\ncontent-length: {}\r\n\r\n",
        visitor.token,
        body.len()
    );
    talk.say(&[head.as_bytes(), &body].concat()).await;
    let answer = talk.rest().await;
    assert!(answer.contains("\"code\":\"0000\""), "{answer}");
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(visitor.is_found(&Invoice::new(1).get("number")));
}
