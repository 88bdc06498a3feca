//! `findings export`.

use layerguard_cli::args::{Args, Command, FindingsCommand};
use layerguard_cli::command::findings;
use layerguard_cli::exit::Exit;
use layerguard_core::incident::Incident;
use serde_json::Value;

use crate::house::House;
use crate::{Ended, refused};

async fn export(house: &House, arguments: &[&str]) -> Ended {
    let typed = ["layerguard", "findings", "export"].iter().chain(arguments);
    let args = <Args as clap::Parser>::try_parse_from(typed).unwrap();
    let Command::Findings(FindingsCommand::Export(args)) = args.command else { panic!("another command") };
    house.with(async |stack, screen| findings::run(stack, &args, screen).await).await
}

fn lines(printed: &str) -> Vec<Value> {
    printed.lines().filter(|line| line.starts_with('{')).map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn an_incident_is_a_finding_of_the_stacks_own_account() {
    let house = House::contained().await;
    let (result, printed) = export(&house, &["--format", "asff", "--incident", &house.id]).await;
    assert_eq!(result, Ok(Exit::Done), "{printed}");
    let finding = &lines(&printed)[0]["Findings"][0];
    assert_eq!(finding["Id"], format!("layerguard/111122223333/eu-central-1/layerguard/{}", house.id));
    assert_eq!(finding["AwsAccountId"], "111122223333");
    let (_, printed) = export(&house, &["--format", "ocsf"]).await;
    assert_eq!(lines(&printed)[0]["class_uid"], 2004);
}

#[tokio::test(start_paused = true)]
async fn the_time_bounds_what_is_exported() {
    let house = House::contained().await;
    for (bounds, count) in [
        (vec!["--since", "2026-11-20", "--until", "2026-11-20"], 1),
        (vec!["--since", "1h"], 1),
        (vec!["--since", "2026-11-21"], 0),
        (vec!["--until", "2026-11-19"], 0),
    ] {
        let arguments: Vec<&str> = ["--format", "ocsf"].into_iter().chain(bounds.clone()).collect();
        let (result, printed) = export(&house, &arguments).await;
        assert_eq!((result, lines(&printed).len()), (Ok(Exit::Done), count), "{bounds:?}");
        assert_eq!(printed.contains("no incident in this time"), count == 0);
    }
    let unknown = export(&house, &["--format", "asff", "--incident", "ffffffffffffffff-1"]).await;
    assert_eq!(refused(&unknown).exit, Exit::No);
}

#[tokio::test(start_paused = true)]
async fn a_batch_has_at_most_a_hundred_findings() {
    let house = House::contained().await;
    let row = house.world.row(&house.id).unwrap();
    for number in 0..204_u32 {
        let id = format!("00112233{number:08x}-1");
        house.world.set_incident(Incident { id, ..row.clone() });
    }
    let (_, printed) = export(&house, &["--format", "asff"]).await;
    let counts: Vec<usize> = lines(&printed).iter().map(|batch| batch["Findings"].as_array().unwrap().len()).collect();
    assert_eq!(counts, [100, 100, 5]);
}
