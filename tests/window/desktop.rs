//! A display of its own, the real program on it, real key presses and clicks, and the read-only state to wait for.

use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

/// What the program needs at most to open a scenario on a busy machine without a graphics card.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);
const TOKEN: &str = "window-tests";

/// A virtual screen with the program on it.
pub(crate) struct Desktop {
    screen: Child,
    display: String,
    program: Child,
    arguments: Vec<String>,
    port: u16,
    home: tempfile::TempDir,
}

impl Desktop {
    /// Starts the program with `arguments` on a screen of the given size; its settings start empty.
    pub(crate) fn start(width: u32, height: u32, arguments: &[&str]) -> Self {
        let home = tempfile::tempdir().expect("a folder for settings");
        let (screen, display) = start_screen(width, height, home.path());
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|l| l.local_addr())
            .expect("a free port")
            .port();
        let mut arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        arguments.extend(["--automation".into(), port.to_string()]);
        arguments.extend(["--size".into(), format!("{width}x{height}")]);
        let program = start_program(&arguments, &display, home.path());
        Self {
            screen,
            display,
            program,
            arguments,
            port,
            home,
        }
    }

    /// Starts the kiosk, practising, on a screen of the given size; nothing was set before.
    pub(crate) fn start_kiosk(width: u32, height: u32, scenario: &str) -> Self {
        Self::start(width, height, &["kiosk", scenario, "--practice"])
    }

    /// Where it keeps what the person chose.
    pub(crate) fn config(&self) -> std::path::PathBuf {
        self.home.path().join("config")
    }

    /// The folder below which the program keeps what it writes.
    pub(crate) fn data(&self) -> std::path::PathBuf {
        self.home.path().join("data")
    }

    /// Ends the program as a power cut would (signal 9), and starts it anew on the same screen with what it kept.
    pub(crate) fn kill_and_start_again(&mut self) {
        self.kill();
        self.program = start_program(&self.arguments, &self.display, self.home.path());
    }

    /// The program's state now, `None` while it does not answer.
    pub(crate) fn try_state(&self) -> Option<Value> {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": "stadslens.state", "params": {"token": TOKEN}});
        let answer = self.post(&body.to_string())?;
        answer.get("result").cloned()
    }

    /// Sends one JSON-RPC request and returns the answer.
    pub(crate) fn post(&self, body: &str) -> Option<Value> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
        write!(
            stream,
            "POST / HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (_, content) = answer.split_once("\r\n\r\n")?;
        serde_json::from_str(content).ok()
    }

    /// Waits until the state answers `wanted`; fails with what was waited for and the last state.
    pub(crate) fn wait_for(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        let mut last = Value::Null;
        while start.elapsed() < PATIENCE {
            if let Some(state) = self.try_state() {
                if wanted(&state) {
                    return state;
                }
                last = state;
            }
            if let Ok(Some(status)) = self.program.try_wait() {
                panic!("waiting for {what}: the program ended with {status}\n{}", self.log());
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("waited {PATIENCE:?} for {what}; last state: {last:#}\n{}", self.log());
    }

    /// Waits until the number of pixels of one colour on the screen answers `wanted`.
    pub(crate) fn wait_for_pixels(&mut self, what: &str, color: [u8; 3], wanted: impl Fn(usize) -> bool) {
        let start = Instant::now();
        let mut last = 0;
        while start.elapsed() < PATIENCE {
            last = self.pixels_of(color);
            if wanted(last) {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!(
            "waited {PATIENCE:?} for {what}; {last} pixels of {color:?}\n{}",
            self.log()
        );
    }

    /// How many pixels of the screen have exactly this colour. The screen keeps its picture in a file (X window dump,
    /// version 7: a header of big-endian words, a table of colours, rows of pixels).
    fn pixels_of(&self, [red, green, blue]: [u8; 3]) -> usize {
        let dump = fs::read(self.home.path().join("Xvfb_screen0")).expect("the screen's picture");
        let word = |i: usize| dump.get(i * 4..i * 4 + 4).and_then(|bytes| bytes.try_into().ok());
        let number = |i: usize| usize::try_from(word(i).map_or(0, u32::from_be_bytes)).unwrap_or(0);
        let (header, width, colors, row) = (number(0), number(4), number(19), number(12));
        assert_eq!(
            (number(1), number(11), number(7)),
            (7, 32, 0),
            "four bytes a pixel, blue first"
        );
        let rows = dump[header + colors * 12..].chunks_exact(row);
        rows.flat_map(|row| row[..width * 4].chunks_exact(4))
            .filter(|pixel| pixel[..3] == [blue, green, red])
            .count()
    }

    /// Waits for the picture to be complete.
    pub(crate) fn wait_until_drawn(&mut self) -> Value {
        self.wait_for("a complete picture", |state| state["complete"] == true)
    }

    /// Clicks the visible control with this accessible name.
    pub(crate) fn click_control(&mut self, name: &str) {
        let state = self.wait_for(&format!("the control `{name}`"), |state| control(state, name).is_some());
        let (x, y) = control(&state, name).expect("just seen");
        self.click(x, y);
    }

    /// Moves the mouse to a point of the window.
    pub(crate) fn hover(&self, x: f64, y: f64) {
        self.xdotool(&["mousemove", &format!("{x:.0}"), &format!("{y:.0}")]);
    }

    /// Clicks at a point of the window.
    pub(crate) fn click(&self, x: f64, y: f64) {
        self.xdotool(&[
            "mousemove",
            &format!("{x:.0}"),
            &format!("{y:.0}"),
            "sleep",
            "0.3",
            "click",
            "1",
        ]);
    }

    /// Drags with a mouse button from one point to another.
    pub(crate) fn drag(&self, button: &str, from: (f64, f64), to: (f64, f64)) {
        let mut arguments: Vec<String> = [
            "mousemove",
            &format!("{:.0}", from.0),
            &format!("{:.0}", from.1),
            "sleep",
            "0.3",
            "mousedown",
            button,
        ]
        .map(String::from)
        .to_vec();
        for step in 1..=6 {
            let part = f64::from(step) / 6.0;
            arguments.extend([
                "mousemove".into(),
                format!("{:.0}", from.0 + (to.0 - from.0) * part),
                format!("{:.0}", from.1 + (to.1 - from.1) * part),
                "sleep".into(),
                "0.15".into(),
            ]);
        }
        arguments.extend(["mouseup".into(), button.into()]);
        self.xdotool(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    }

    /// Presses a key (`xdotool` name) once.
    pub(crate) fn key(&self, key: &str) {
        self.xdotool(&["key", "--delay", "150", key]);
    }

    /// Puts the keys into a field, replaces what stands in it by a text, and waits until it does.
    pub(crate) fn fill(&mut self, field: &str, text: &str) {
        self.click_control(field);
        let named = |state: &Value, wanted: &dyn Fn(&Value) -> bool| {
            let controls = state["controls"].as_array();
            controls.is_some_and(|all| all.iter().any(|c| c["name"] == field && wanted(c)))
        };
        self.wait_for("the field with the keys", |state| {
            named(state, &|c| c["focused"] == true)
        });
        let state = self.wait_for("what stands in the field", |state| named(state, &|_| true));
        let standing = state["controls"].as_array().into_iter().flatten();
        let longest = standing
            .filter_map(|c| Some(c["value"].as_str()?.chars().count()))
            .max();
        self.key("End");
        let presses = longest.unwrap_or_default().max(40).to_string();
        self.xdotool(&["key", "--delay", "40", "--repeat", &presses, "BackSpace"]);
        self.wait_for("an empty field", |state| {
            named(state, &|c| {
                c["role"] == "TextInput" && c["value"].as_str().unwrap_or_default().is_empty()
            })
        });
        self.xdotool(&["type", "--delay", "80", text]);
        self.wait_for("the text in its field", |state| named(state, &|c| c["value"] == text));
    }

    /// Ends the program as a power cut would (signal 9).
    pub(crate) fn kill(&mut self) {
        self.program.kill().expect("a running program");
        self.program.wait().expect("its end");
    }

    /// Waits for the program to end by itself.
    pub(crate) fn wait_for_end(&mut self) -> ExitStatus {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let Ok(Some(status)) = self.program.try_wait() {
                return status;
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("the program did not end within {PATIENCE:?}\n{}", self.log());
    }

    /// What the program wrote on standard error.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.home.path().join("program.log")).unwrap_or_default()
    }

    fn xdotool(&self, arguments: &[&str]) {
        // Without a window manager the program has no keyboard focus until it is given.
        let focus = ["search", "--onlyvisible", "--class", ".", "windowfocus"];
        let _ = Command::new("xdotool")
            .args(focus)
            .env("DISPLAY", &self.display)
            .output();
        let done = Command::new("xdotool")
            .args(arguments)
            .env("DISPLAY", &self.display)
            .output()
            .expect("xdotool runs");
        assert!(
            done.status.success(),
            "xdotool {arguments:?}: {}",
            String::from_utf8_lossy(&done.stderr)
        );
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
        let _ = self.screen.kill();
        let _ = self.screen.wait();
    }
}

/// The middle of the visible control with this accessible name, window pixels.
fn control(state: &Value, name: &str) -> Option<(f64, f64)> {
    // A field and the words above it carry the same name: what can be operated goes first.
    let all = state["controls"].as_array()?;
    let named = || all.iter().filter(|c| c["name"] == name && c["enabled"] != false);
    let found = named().find(|c| c["role"] != "Label").or_else(|| named().next())?;
    let rect: Vec<f64> = found["rect"].as_array()?.iter().filter_map(Value::as_f64).collect();
    (rect.len() == 4).then(|| (rect[0].midpoint(rect[2]), rect[1].midpoint(rect[3])))
}

/// Starts the program on a display with its settings and what it keeps in `home`.
fn start_program(arguments: &[String], display: &str, home: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stadslens"));
    command
        .args(arguments)
        .env("DISPLAY", display)
        .env_remove("WAYLAND_DISPLAY")
        .env("STADSLENS_AUTOMATION_TOKEN", TOKEN)
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("XDG_DATA_HOME", home.join("data"))
        .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
        .stdout(Stdio::null())
        .stderr(fs::File::create(home.join("program.log")).expect("a log file"));
    command.spawn().expect("the program starts")
}

/// Starts Xvfb on the next free display, with its picture in a file of `folder`.
fn start_screen(width: u32, height: u32, folder: &Path) -> (Child, String) {
    let mut screen = Command::new("Xvfb")
        .args([
            "-displayfd",
            "1",
            "-screen",
            "0",
            &format!("{width}x{height}x24"),
            "-nolisten",
            "tcp",
            "-fbdir",
        ])
        .arg(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("Xvfb is installed (see .ci/packages)");
    let mut number = String::new();
    let output = screen.stdout.take().expect("piped");
    BufReader::new(output)
        .read_line(&mut number)
        .expect("Xvfb says its display");
    (screen, format!(":{}", number.trim()))
}
