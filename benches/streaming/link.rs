//! A server at the other end of a slow line: all connections share its bits, and every answer takes its way.
//! `STADSLENS_BENCH_REQUESTS` has it say what it is asked.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Bytes that are sent at once.
const PIECE: usize = 4096;

/// What a line is like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    /// Bits a second in all; `None` as fast as it goes.
    pub(crate) bits_per_s: Option<f64>,
    /// From a request to the first byte of its answer.
    pub(crate) delay: Duration,
}

/// Files by their paths, without the first slash.
pub(crate) type Files = dyn Fn(&str) -> Option<Vec<u8>> + Send + Sync;

/// A running server; it ends with the program.
pub(crate) struct Link {
    port: u16,
    requests: Arc<AtomicU64>,
}

struct Served {
    files: Box<Files>,
    line: Line,
    /// When the line is free again.
    free: Mutex<Instant>,
    requests: Arc<AtomicU64>,
    begun: Instant,
}

impl Link {
    pub(crate) fn serve(line: Line, files: Box<Files>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let requests = Arc::new(AtomicU64::new(0));
        let served = Arc::new(Served {
            files,
            line,
            free: Mutex::new(Instant::now()),
            requests: requests.clone(),
            begun: Instant::now(),
        });
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let served = Arc::clone(&served);
                // Whoever asked may hang up at any time.
                thread::spawn(move || drop(served.answer(&stream)));
            }
        });
        Ok(Self { port, requests })
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }
}

impl Served {
    fn answer(&self, stream: &TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        loop {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let target = line.split(' ').nth(1).unwrap_or("/");
            let path = target
                .split('?')
                .next()
                .unwrap_or("/")
                .trim_start_matches('/')
                .to_owned();
            loop {
                line.clear();
                if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
                    break;
                }
            }
            self.requests.fetch_add(1, Ordering::Relaxed);
            if std::env::var_os("STADSLENS_BENCH_REQUESTS").is_some() {
                let since = self.begun.elapsed().as_secs_f64();
                println!("    {since:.3} s {path}");
            }
            thread::sleep(self.line.delay);
            let (status, body) = (self.files)(&path).map_or(("404 Not Found", Vec::new()), |body| ("200 OK", body));
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
            let answer = [head.into_bytes(), body].concat();
            for piece in answer.chunks(PIECE) {
                self.wait_for(piece.len());
                (&*stream).write_all(piece)?;
            }
        }
    }

    /// Waits until so many bytes have gone through the line.
    fn wait_for(&self, bytes: usize) {
        let Some(bits_per_s) = self.line.bits_per_s else { return };
        #[expect(clippy::cast_precision_loss, reason = "bytes of a piece")]
        let takes = Duration::from_secs_f64(bytes as f64 * 8.0 / bits_per_s);
        let through = {
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            *free = (*free).max(Instant::now()) + takes;
            *free
        };
        thread::sleep(through.saturating_duration_since(Instant::now()));
    }
}
