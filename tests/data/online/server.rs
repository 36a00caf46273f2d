//! A small HTTP server whose answers are cut off, slow, packed, of the wrong kind or missing, as a test wants it.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) at: Instant,
    /// How often the same was asked before.
    pub(crate) before: usize,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }

    /// A value of the query, as it was sent.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        let (_, query) = self.target.split_once('?')?;
        query
            .split('&')
            .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    }
}

/// How an answer is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Manner {
    Whole,
    /// The connection is closed after this many bytes of the body.
    CutAfter(usize),
    /// Pieces of this size with a pause between them.
    Drip(usize, Duration),
    /// Nothing at all for this long.
    Silent(Duration),
    /// The length is not told: the end of the connection is the end of the file.
    NoLength,
    /// What is sent is no HTTP.
    Garbage,
}

#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) manner: Manner,
}

impl Reply {
    pub(crate) fn of(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
            manner: Manner::Whole,
        }
    }

    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::of(200, body)
    }

    pub(crate) fn to(status: u16, location: &str) -> Self {
        Self::of(status, "moved").with("Location", location)
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn sent(self, manner: Manner) -> Self {
        Self { manner, ..self }
    }

    /// A file with a version, of which parts can be asked.
    pub(crate) fn file(seen: &Seen, bytes: &[u8], version: &str) -> Self {
        let is_ours = seen.header("If-Range").is_none_or(|asked| asked == version);
        let from = seen.header("Range").filter(|_| is_ours).map(|range| {
            range
                .strip_prefix("bytes=")
                .and_then(|range| range.strip_suffix('-'))
                .unwrap()
                .parse::<usize>()
                .unwrap()
        });
        let reply = match from {
            Some(from) if from >= bytes.len() => {
                Self::of(416, "").with("Content-Range", &format!("bytes */{}", bytes.len()))
            }
            Some(from) => {
                let range = format!("bytes {from}-{}/{}", bytes.len() - 1, bytes.len());
                Self::of(206, &bytes[from..]).with("Content-Range", &range)
            }
            None => Self::ok(bytes),
        };
        reply.with("ETag", version)
    }
}

type Handler = dyn Fn(&Seen) -> Reply + Send + Sync;

struct Shared {
    handler: Box<Handler>,
    seen: Mutex<Vec<Seen>>,
    asked: Mutex<BTreeMap<String, usize>>,
    active: AtomicUsize,
    busiest: AtomicUsize,
    is_closed: AtomicBool,
}

/// Listens on this machine until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    listener: Option<thread::JoinHandle<()>>,
}

impl Server {
    pub(crate) fn new(handler: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            handler: Box::new(handler),
            seen: Mutex::default(),
            asked: Mutex::default(),
            active: AtomicUsize::new(0),
            busiest: AtomicUsize::new(0),
            is_closed: AtomicBool::new(false),
        });
        let for_listener = shared.clone();
        let listener = thread::spawn(move || {
            for stream in listener.incoming() {
                if for_listener.is_closed.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(stream), shared) = (stream, for_listener.clone()) else {
                    continue;
                };
                thread::spawn(move || serve(stream, &shared));
            }
        });
        Self {
            address,
            shared,
            listener: Some(listener),
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn seen(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.shared.seen.lock().unwrap()
    }

    /// How many requests there were.
    pub(crate) fn count(&self) -> usize {
        self.seen().len()
    }

    /// Most requests at one time that waited for their answer.
    pub(crate) fn busiest(&self) -> usize {
        self.shared.busiest.load(Ordering::SeqCst)
    }

    /// Nobody answers here any more.
    pub(crate) fn close(&mut self) {
        self.shared.is_closed.store(true, Ordering::SeqCst);
        // Wakes the listener up.
        drop(TcpStream::connect(self.address));
        if let Some(listener) = self.listener.take() {
            listener.join().unwrap();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.close();
    }
}

/// One connection, one request. That the other side hangs up is no failure of the server.
fn serve(mut stream: TcpStream, shared: &Shared) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
    let Some(seen) = read_request(&stream, shared) else {
        return;
    };
    let active = shared.active.fetch_add(1, Ordering::SeqCst) + 1;
    shared.busiest.fetch_max(active, Ordering::SeqCst);
    let reply = (shared.handler)(&seen);
    // Counted down before a byte is sent: who has the answer may ask the next thing at once.
    shared.active.fetch_sub(1, Ordering::SeqCst);
    shared.seen.lock().unwrap().push(seen);
    let _ = send(&mut stream, &reply);
}

fn read_request(stream: &TcpStream, shared: &Shared) -> Option<Seen> {
    let mut lines = BufReader::new(stream.take(1 << 16)).lines().map_while(Result::ok);
    let first = lines.next()?;
    let target = first.split(' ').nth(1)?.to_owned();
    let headers = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| {
            line.split_once(':')
                .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        })
        .collect();
    let mut asked = shared.asked.lock().unwrap();
    let count = asked.entry(target.clone()).or_default();
    *count += 1;
    Some(Seen {
        target,
        headers,
        at: Instant::now(),
        before: *count - 1,
    })
}

fn send(stream: &mut TcpStream, reply: &Reply) -> std::io::Result<()> {
    match reply.manner {
        Manner::Silent(time) => {
            thread::sleep(time);
            return Ok(());
        }
        Manner::Garbage => return stream.write_all(&reply.body),
        _ => {}
    }
    let mut head = format!("HTTP/1.1 {} So\r\nConnection: close\r\n", reply.status).into_bytes();
    for (name, value) in &reply.headers {
        write!(head, "{name}: {value}\r\n")?;
    }
    if !matches!(reply.manner, Manner::NoLength) {
        write!(head, "Content-Length: {}\r\n", reply.body.len())?;
    }
    head.extend(b"\r\n");
    stream.write_all(&head)?;
    match reply.manner {
        Manner::CutAfter(bytes) => stream.write_all(&reply.body[..bytes.min(reply.body.len())])?,
        Manner::Drip(bytes, pause) => {
            for piece in reply.body.chunks(bytes) {
                stream.write_all(piece)?;
                stream.flush()?;
                thread::sleep(pause);
            }
        }
        _ => stream.write_all(&reply.body)?,
    }
    stream.flush()?;
    stream.shutdown(std::net::Shutdown::Write)
}

/// Gzip (RFC 1952) without compression, so that no packer is needed to test an unpacker.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = vec![0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut pieces = bytes.chunks(0xFFFF).peekable();
    while let Some(piece) = pieces.next() {
        let length = u16::try_from(piece.len()).unwrap();
        packed.push(u8::from(pieces.peek().is_none()));
        packed.extend(length.to_le_bytes());
        packed.extend((!length).to_le_bytes());
        packed.extend(piece);
    }
    packed.extend(crc32(bytes).to_le_bytes());
    packed.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
    packed
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    !crc
}
