//! What stands in front of a server of the tests: one that encrypts, and a proxy.

use crate::online::server::Server;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Longest head of a request, bytes.
const MAX_HEAD: usize = 1 << 16;

/// Takes connections until it is dropped, each on a thread of its own.
struct Listening {
    address: SocketAddr,
    is_closed: Arc<AtomicBool>,
    listener: Option<thread::JoinHandle<()>>,
    connections: Arc<AtomicUsize>,
}

impl Listening {
    fn new(at: IpAddr, serve: impl Fn(TcpStream) -> std::io::Result<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((at, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (is_closed, connections) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (closed, count, serve) = (is_closed.clone(), connections.clone(), Arc::new(serve));
        let listener = thread::spawn(move || {
            for stream in listener.incoming() {
                if closed.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(stream), serve) = (stream, serve.clone()) else {
                    continue;
                };
                count.fetch_add(1, Ordering::SeqCst);
                let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
                // That the other side hangs up is no failure here.
                thread::spawn(move || serve(stream));
            }
        });
        Self {
            address,
            is_closed,
            listener: Some(listener),
            connections,
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.is_closed.store(true, Ordering::SeqCst);
        // Wakes the listener up.
        drop(TcpStream::connect(self.address));
        if let Some(listener) = self.listener.take() {
            listener.join().unwrap();
        }
    }
}

/// How an encrypted answer ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// As it should: the other side is told.
    Told,
    /// The connection is closed, as whoever stands in between can do.
    Torn,
}

/// Encrypts what a server says that does not.
pub(super) struct Encrypted {
    listening: Listening,
}

impl Encrypted {
    pub(super) fn new(config: Arc<ServerConfig>, behind: &Server) -> Self {
        Self::at(Ipv4Addr::LOCALHOST.into(), config, behind, End::Told)
    }

    pub(super) fn at(at: IpAddr, config: Arc<ServerConfig>, behind: &Server, end: End) -> Self {
        let behind = behind.address();
        let listening = Listening::new(at, move |stream| {
            let connection = ServerConnection::new(config.clone()).map_err(std::io::Error::other)?;
            let mut stream = StreamOwned::new(connection, stream);
            let head = read_head(&mut stream)?;
            let mut server = TcpStream::connect(behind)?;
            server.write_all(&head)?;
            std::io::copy(&mut server, &mut stream)?;
            if end == End::Told {
                stream.conn.send_close_notify();
            }
            stream.flush()?;
            stream.sock.shutdown(Shutdown::Write)
        });
        Self { listening }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.listening.address
    }

    /// An address there, under the name `host`.
    pub(super) fn url(&self, host: &str, path: &str) -> String {
        format!("https://{host}:{}{path}", self.address().port())
    }

    /// How often somebody connected.
    pub(super) fn connections(&self) -> usize {
        self.listening.connections.load(Ordering::SeqCst)
    }
}

/// A server that does not encrypt, and says so as web servers do.
pub(super) struct Unencrypted(Listening);

impl Unencrypted {
    pub(super) fn new() -> Self {
        Self(Listening::new(Ipv4Addr::LOCALHOST.into(), |mut stream| {
            stream.read_exact(&mut [0; 5])?;
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
            // What is left unread would take the answer away with it.
            stream.shutdown(Shutdown::Write)?;
            std::io::copy(&mut stream, &mut std::io::sink()).map(|_| ())
        }))
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.0.address)
    }

    pub(super) fn connections(&self) -> usize {
        self.0.connections.load(Ordering::SeqCst)
    }
}

/// A proxy that makes a way to one server, whatever it is asked for, or refuses.
pub(super) struct Proxy {
    listening: Listening,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// One that leads to `target`.
    pub(super) fn to(target: SocketAddr) -> Self {
        Self::new(move |client| {
            let server = TcpStream::connect(target)?;
            (&*client).write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
            let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
            thread::spawn(move || {
                let copied = std::io::copy(&mut from_client, &mut to_server);
                to_server.shutdown(Shutdown::Write).and(copied.map(|_| ()))
            });
            std::io::copy(&mut &server, &mut &*client)?;
            client.shutdown(Shutdown::Write)
        })
    }

    /// One that answers with `status`.
    pub(super) fn refusing(status: u16) -> Self {
        Self::new(move |client| {
            let answer = format!("HTTP/1.1 {status} No\r\nProxy-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n");
            (&*client).write_all(answer.as_bytes())
        })
    }

    fn new(answer: impl Fn(&TcpStream) -> std::io::Result<()> + Send + Sync + 'static) -> Self {
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let heads = asked.clone();
        let listening = Listening::new(Ipv4Addr::LOCALHOST.into(), move |stream| {
            let head = read_head(&mut &stream)?;
            heads.lock().unwrap().push(String::from_utf8_lossy(&head).into_owned());
            answer(&stream)
        });
        Self { listening, asked }
    }

    /// `127.0.0.1:PORT`.
    pub(super) fn name(&self) -> String {
        self.listening.address.to_string()
    }

    /// Heads of what was asked, one for each connection.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// What is sent before the first empty line, with it.
fn read_head(stream: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && head.len() < MAX_HEAD {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(head)
}
