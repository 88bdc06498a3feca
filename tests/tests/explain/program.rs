//! The program under test, and what goes into it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use cargo_metadata::Message;
use serde_json::Value;

/// What a run of the program came to.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    /// The objects on standard output.
    pub(crate) fn objects(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The only object on standard output.
    pub(crate) fn object(&self) -> Value {
        let mut objects = self.objects();
        assert_eq!(objects.len(), 1, "{}\n{}", self.out, self.err);
        objects.remove(0)
    }
}

/// `layerguard`, built as the tests were.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        // With the tests, whose features they are then built with: so they are there already.
        build.args(["build", "--quiet", "--workspace", "--bins", "--tests"]);
        build.args(["--message-format", "json-render-diagnostics"]).current_dir(env!("CARGO_MANIFEST_DIR"));
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        let built = build.stderr(Stdio::inherit()).output().unwrap();
        assert!(built.status.success(), "the command line does not build");
        Message::parse_stream(built.stdout.as_slice())
            .filter_map(|message| match message.unwrap() {
                // Its own tests have its name too.
                Message::CompilerArtifact(artifact)
                    if artifact.target.name == "layerguard" && !artifact.profile.test =>
                {
                    artifact.executable
                }
                _ => None,
            })
            .last()
            .expect("the command line is a program")
            .into()
    })
}

/// The folder of the fixtures.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// Runs `layerguard explain` with these arguments and this standard input.
pub(crate) fn run(arguments: &[&str], input: &[u8]) -> Run {
    run_command("explain", arguments, input, None)
}

/// The same, with this inventory and with `COLUMNS`.
pub(crate) fn explain_with(inventory: &str, arguments: &[&str], input: &[u8], columns: Option<&str>) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("inventory.toml");
    std::fs::write(&path, inventory).unwrap();
    let mut all = vec!["--inventory", path.to_str().unwrap()];
    all.extend_from_slice(arguments);
    all.push("-");
    run_command("explain", &all, input, columns)
}

/// Runs a command of `layerguard` with these arguments, this standard input and `COLUMNS`.
pub(crate) fn run_command(command: &str, arguments: &[&str], input: &[u8], columns: Option<&str>) -> Run {
    let mut child = Command::new(program())
        .arg(command)
        .args(arguments)
        .env_clear()
        .envs(columns.map(|columns| ("COLUMNS", columns)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let feeder = std::thread::spawn(move || stdin.write_all(&input));
    let ended = child.wait_with_output().unwrap();
    // A program that has ended early does not read its input.
    let _fed = feeder.join().unwrap();
    Run {
        code: ended.status.code().unwrap(),
        out: String::from_utf8(ended.stdout).unwrap(),
        err: String::from_utf8(ended.stderr).unwrap(),
    }
}

/// Explains what is on standard input with the inventory of the fixtures, as JSON.
pub(crate) fn explain(input: &[u8]) -> Run {
    let inventory = fixtures().join("explain/inventory.toml");
    run(&["--format", "json", "--inventory", inventory.to_str().unwrap(), "-"], input)
}

/// The records one per line.
pub(crate) fn lines(records: &[Value]) -> Vec<u8> {
    records.iter().flat_map(|record| format!("{record}\n").into_bytes()).collect()
}

/// A masked layer download by an unlisted role session, with changes: pairs of a JSON pointer and a value, which is inserted where it
/// is not there. `null` removes.
pub(crate) fn layer(changes: &[(&str, Value)]) -> Value {
    let text = std::fs::read(fixtures().join("explain/layer.json")).unwrap();
    let mut record: Value = serde_json::from_slice(&text).unwrap();
    for (pointer, value) in changes {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let object = record.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match value {
            Value::Null => drop(object.remove(key)),
            value => drop(object.insert(key.to_owned(), value.clone())),
        }
    }
    record
}

/// The same download as the `number`th event, `second` seconds after 09:31.
pub(crate) fn event(number: u32, second: i64, changes: &[(&str, Value)]) -> Value {
    let start: jiff::Timestamp = "2026-11-20T09:31:00Z".parse().unwrap();
    let time = start + jiff::SignedDuration::from_secs(second);
    let mut all = vec![
        ("/eventID", Value::from(format!("22222222-2222-4222-8222-{number:012}"))),
        ("/eventTime", Value::from(time.to_string())),
        ("/requestParameters/layerDigest", Value::from(format!("sha256:{number:064x}"))),
    ];
    all.extend_from_slice(changes);
    layer(&all)
}

/// A registry login of the same session from this address.
pub(crate) fn login(number: u32, second: i64, address: &str) -> Value {
    let changes = [
        ("/eventName", Value::from("GetAuthorizationToken")),
        ("/sourceIPAddress", Value::from(address)),
        ("/requestParameters", Value::Null),
        ("/resources", Value::Null),
    ];
    let mut record = event(number, second, &changes[..2]);
    for (pointer, _) in &changes[2..] {
        record.as_object_mut().unwrap().remove(pointer.trim_start_matches('/'));
    }
    record
}
