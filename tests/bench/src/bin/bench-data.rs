//! Makes logs: `bench-data OUT --records N [--pulls 60] [--seed 1] [--each 2000] [--seconds 86400] [--plain]`.
//!
//! Writes gzip files of `--each` records each below OUT, the inventory beside them, and prints what every reader must count.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use layerguard_bench::{INVENTORY, Maker, Plan};

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let out = PathBuf::from(arguments.next().expect("bench-data OUT --records N ..."));
    let mut given: BTreeMap<String, u64> = BTreeMap::new();
    while let Some(name) = arguments.next() {
        let value =
            if name == "--plain" { 1 } else { arguments.next().and_then(|text| text.parse().ok()).expect("a number") };
        given.insert(name, value);
    }
    let number = |name: &str, default: u64| given.get(name).copied().unwrap_or(default);
    let plan = Plan {
        records: number("--records", 100_000),
        pulls: number("--pulls", 60),
        seed: number("--seed", 1),
        seconds: i64::try_from(number("--seconds", 86_400)).expect("seconds"),
    };
    let (each, plain) = (number("--each", 2_000), given.contains_key("--plain"));
    fs::create_dir_all(&out)?;
    fs::write(out.join("inventory.toml"), INVENTORY)?;
    let mut maker = Maker::new(plan);
    let mut files = 0;
    while maker.made.records < plan.records {
        one(&mut maker, each, plain, &out, files)?;
        files += 1;
    }
    let made = maker.made;
    println!("{{\"records\":{},\"pulls\":{},\"hits\":{},\"files\":{files}}}", made.records, made.pulls, made.hits);
    Ok(())
}

fn one(maker: &mut Maker, each: u64, plain: bool, out: &Path, number: u64) -> std::io::Result<()> {
    let folder = out.join(format!("{:04}", number / 1000));
    fs::create_dir_all(&folder)?;
    let end = if plain { "json" } else { "json.gz" };
    let file = BufWriter::new(File::create(folder.join(format!("{number:07}.{end}")))?);
    if plain {
        let mut file = file;
        maker.file(each, &mut file)?;
        return file.flush();
    }
    let mut file = GzEncoder::new(file, Compression::default());
    maker.file(each, &mut file)?;
    file.finish()?.flush()
}
