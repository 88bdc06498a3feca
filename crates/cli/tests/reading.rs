//! The commands with which people read incidents, over a stack in memory.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test: a panic is the report")]

#[path = "stack/events.rs"]
mod events;
#[path = "stack/house.rs"]
#[expect(dead_code, reason = "what answers need")]
mod house;
#[path = "reading/scene.rs"]
mod scene;

use std::time::Duration;

use jiff::SignedDuration;
use layerguard_cli::args::{Args, Command, ExceptionCommand, IncidentsCommand};
use layerguard_cli::command::{exception, incidents};
use layerguard_cli::exit::Exit;
use layerguard_cli::failure::Failure;
use layerguard_cli::render::Screen;
use layerguard_cli::stack::Stack;
use layerguard_core::approval::Verb;
use layerguard_core::audit::body::UndoResult;
use layerguard_core::incident::Status;
use layerguard_core::inventory::Inventory;
use layerguard_core::ports::{Clock, PortErrorKind};
use layerguard_testkit::Fault;

use crate::house::House;
use crate::scene::{crowd, hostile, lived_in, other};

async fn read(stack: &Stack<'_>, screen: &mut Screen, arguments: &[&str]) -> Result<Exit, Failure> {
    let args = <Args as clap::Parser>::try_parse_from(["layerguard"].iter().chain(arguments)).unwrap();
    match &args.command {
        Command::Incidents(IncidentsCommand::List(args)) => incidents::list(stack, args, screen).await,
        Command::Incidents(IncidentsCommand::Show(args)) => incidents::show(stack, args, screen).await,
        Command::Incidents(IncidentsCommand::Watch(args)) => {
            incidents::watch(stack, args, screen, tokio::time::sleep(Duration::from_secs(60))).await
        }
        Command::Exception(ExceptionCommand::Propose(args)) => exception::run(stack, args, screen).await,
        other => panic!("{other:?}"),
    }
}

async fn run(house: &House, arguments: &[&str]) -> (Result<Exit, Failure>, String) {
    house.with(async |stack, screen| read(stack, screen, arguments).await).await
}

/// Standard output and standard error, without colours.
async fn apart(house: &House, arguments: &[&str]) -> [String; 2] {
    let (ended, printed) = house.drawn(None, async |stack, screen| read(stack, screen, arguments).await).await;
    assert_eq!(ended, Ok(Exit::Done), "{printed:?}");
    printed.map(|text| anstream::adapter::strip_str(&text).to_string())
}

fn ids(lines: &str) -> Vec<String> {
    let id = |line: &str| {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        row.get("id").and_then(serde_json::Value::as_str).unwrap().to_owned()
    };
    lines.lines().map(id).collect()
}

/// What stands behind `--after` in a note.
fn place(note: &str) -> Option<String> {
    Some(note.split_once("--after ")?.1.split([',', ' ']).take(3).collect::<Vec<_>>().join(","))
}

#[tokio::test(start_paused = true)]
async fn a_list_of_many_is_read_a_page_at_a_time_and_each_is_shown_once() {
    let house = House::empty();
    crowd(&house.world, 10_000);
    let [first, note] = apart(&house, &["incidents", "list", "--format", "json"]).await;
    assert_eq!((ids(&first).len(), house.world.count("incidents.page")), (50, 1), "one page is read for one page");
    let mut seen = ids(&first);
    let mut next = place(&note);
    while let Some(after) = next {
        let [page, note] =
            apart(&house, &["incidents", "list", "--format", "json", "--limit", "4000", "--after", &after]).await;
        seen.extend(ids(&page));
        next = place(&note);
    }
    assert_eq!(seen.len(), 10_000);
    let rows: Vec<_> = seen.iter().map(|id| house.world.row(id).unwrap()).collect();
    let order = |row: &layerguard_core::incident::Incident| {
        let at = row.opened_at.as_second();
        (!row.status.is_open(), if row.status.is_open() { at } else { -at })
    };
    assert!(rows.is_sorted_by_key(order), "open ones, oldest first, then closed ones, latest first");
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 10_000, "each once");
}

#[tokio::test(start_paused = true)]
async fn what_is_filtered_is_complete_up_to_the_limit() {
    let house = House::empty();
    crowd(&house.world, 3_000);
    let list = async |more: &[&str]| {
        let arguments = ["incidents", "list", "--format", "json", "--limit", "40"].iter().chain(more).copied();
        let [page, note] = apart(&house, &arguments.collect::<Vec<_>>()).await;
        (ids(&page).len(), place(&note).is_some())
    };
    // One in a hundred is of `rare`, one in three is open.
    assert_eq!(list(&["--principal", "RARE"]).await, (30, false));
    assert_eq!(list(&["--principal", "arn:aws:iam::*:role/ci/ra?e"]).await, (30, false));
    assert_eq!(list(&["--principal", "arn:aws:iam::*:role/ra*"]).await, (0, false));
    assert_eq!(list(&["--principal", "rare", "--open"]).await, (10, false));
    assert_eq!(list(&["--open"]).await, (40, true));
    assert_eq!(list(&["--account", "444455556666"]).await, (30, false));
    assert_eq!(list(&["--rule", "ecr_pull_breadth"]).await, (30, false));
    assert_eq!(list(&["--rule", "ecr_pull_*", "--principal", "common"]).await, (0, false));
    assert_eq!(list(&["--rule", "undecided"]).await, (0, false));
    // One is opened each minute, the last one at 01:59 of the 19th.
    assert_eq!(list(&["--since", "2026-11-19T01:30:00Z"]).await, (30, false));
    house.world.set_now("2026-11-19T02:00:00Z".parse().unwrap());
    assert_eq!(list(&["--since", "10m"]).await, (10, false));
    assert_eq!(list(&["--since", "1d", "--principal", "common"]).await, (40, true));
}

#[tokio::test(start_paused = true)]
async fn nothing_found_says_why() {
    let house = House::empty();
    assert_eq!(run(&house, &["incidents", "list"]).await.1, "no incidents in stack layerguard\n");
    let filtered = run(&house, &["incidents", "list", "--rule", "nope"]).await.1;
    assert_eq!(filtered, "no incident in stack layerguard fits these filters\n");
    assert_eq!(run(&house, &["incidents", "list", "--format", "json"]).await.1, "");
}

#[tokio::test(start_paused = true)]
async fn one_screen_has_everything_that_matters() {
    let house = lived_in().await;
    insta::assert_snapshot!("everything", run(&house, &["incidents", "show", &house.id]).await.1);
    let (_, text) = run(&house, &["incidents", "show", &house.id, "--format", "json"]).await;
    let shown: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(shown["holding"]["holds"], "nothing");
    assert_eq!(shown["lookups"]["images"][0]["asked"], serde_json::json!(["1.4"]));
    assert_eq!(shown["by_hand"][0]["step"], 0);
    assert_eq!(shown["lookups"]["incidents"][0]["family"], "exposure");
}

#[tokio::test(start_paused = true)]
async fn without_lookups_only_the_record_is_read() {
    let house = lived_in().await;
    let (ended, printed) = run(&house, &["incidents", "show", &house.id, "--no-lookups"]).await;
    assert!(ended.is_ok() && !printed.contains("Around it") && !printed.contains("images"), "{printed}");
    for operation in ["images.images", "roles.role", "activity.traces", "incidents.page"] {
        assert_eq!(house.world.count(operation), 0, "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_read_is_a_line_and_no_failure() {
    let denied = || Fault::Before(PortErrorKind::Denied("AccessDeniedException".to_owned()));
    for operation in ["images.images", "roles.role", "activity.traces", "incidents.page"] {
        let house = lived_in().await;
        house.world.trap_operation(operation, 0, 99, denied());
        let (ended, printed) = run(&house, &["incidents", "show", &house.id]).await;
        assert_eq!(ended, Ok(Exit::Done), "{printed}");
        assert!(printed.contains("unread") && printed.contains("AccessDeniedException"), "{operation}:\n{printed}");
        assert!(printed.contains("layerguard approve"), "{printed}");
    }
    let house = lived_in().await;
    house.world.trap_operation("images.images", 0, 1, denied());
    let printed = run(&house, &["incidents", "show", &house.id]).await.1;
    assert!(printed.contains("grant ecr:DescribeImages"), "{printed}");
}

#[tokio::test(start_paused = true)]
async fn whether_it_holds_is_said_in_words() {
    let house = House::contained().await;
    let said = async |house: &House| run(house, &["incidents", "show", &house.id]).await.1;
    let stands = said(&house).await;
    assert!(stands.contains("yes, as the record says") && stands.contains("lifts by itself at"), "{stands}");
    assert!(stands.contains("To take it back") && !stands.contains("Paste"), "only how it is taken back:\n{stands}");
    house.world.set_incident(layerguard_core::incident::Incident { not_held: true, ..other(&house, 2) });
    let went_on = said(&house).await;
    assert!(went_on.contains("NO: somebody went on after it"), "{went_on}");
    let house = House::contained().await;
    house.accept(Verb::Undo, "an undo").await;
    house.take_back(UndoResult::Undone, Status::Undone).await;
    let undone = said(&house).await;
    assert!(undone.contains("not any more") && undone.contains("because a person asked"), "{undone}");
    let house = House::contained().await;
    house.accept(Verb::Undo, "an undo").await;
    house.take_back(UndoResult::Drifted, Status::PartlyContained).await;
    assert!(said(&house).await.contains("NOT taken back"));
}

#[tokio::test(start_paused = true)]
async fn text_that_a_stranger_chose_acts_on_no_terminal() {
    let house = hostile().await;
    let commands: [&[&str]; 4] = [
        &["incidents", "list"],
        &["incidents", "show", &house.id],
        &["incidents", "show", &house.id, "--format", "json"],
        &["exception", "propose", &house.id],
    ];
    for arguments in commands {
        let (_, printed) = run(&house, arguments).await;
        let acting = |character: char| (character.is_control() && character != '\n') || character == '\u{202e}';
        assert!(!printed.contains(acting), "{printed:?}");
        assert!(!printed.lines().any(|line| line.starts_with("FORGED")), "{printed}");
    }
    insta::assert_snapshot!("hostile", run(&house, &["incidents", "show", &house.id]).await.1);
}

#[tokio::test(start_paused = true)]
async fn a_screen_keeps_to_its_terminal() {
    let house = lived_in().await;
    for columns in [60, 80, 120] {
        let (_, [out, _]) = house
            .drawn(Some(columns), async |stack, screen| read(stack, screen, &["incidents", "show", &house.id]).await)
            .await;
        assert!(out.contains('\u{1b}'), "there are colours");
        let plain = anstream::adapter::strip_str(&out).to_string();
        for line in plain.lines().filter(|line| line.chars().count() > columns) {
            // A word that is longer than the line, such as an ARN, and an option with its value stay whole: it is there to be copied. Below what any terminal has, a
            // hash or a command is too.
            let one = line.split_whitespace().count() == 1 || line.trim_start().starts_with("--lookup-attributes ");
            assert!(columns < 80 || one, "{columns}: {line}");
            let whole = [
                "aws cloudtrail",
                "layerguard ",
                "arn:aws",
                "{\"",
                "UTC",
                "team/app in",
                "Plan ",
                "ecr:",
                "--lookup-attributes",
            ];
            assert!(whole.iter().any(|word| line.contains(word)), "{columns}: {line}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_keeps_to_its_terminal() {
    let house = House::empty();
    crowd(&house.world, 30);
    for columns in [60, 80, 100, 140, 180] {
        let list = async |stack: &Stack<'_>, screen: &mut Screen| read(stack, screen, &["incidents", "list"]).await;
        let (_, [out, _]) = house.drawn(Some(columns), list).await;
        let plain = anstream::adapter::strip_str(&out).to_string();
        assert!(plain.lines().all(|line| line.chars().count() <= columns), "{columns}:\n{plain}");
        assert!(plain.lines().count() <= 3 * 30 + 1, "{columns}: a cell is broken into pieces\n{plain}");
        assert_eq!(plain.matches("session mallory").count() + plain.matches("session\n").count(), 30, "{plain}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_tells_what_is_new_and_what_changed_and_survives_a_failure() {
    let house = House::awaiting().await;
    let watching = house.drawn(None, async |stack, screen| read(stack, screen, &["incidents", "watch"]).await);
    let story = async {
        let pass = || tokio::time::sleep(Duration::from_secs(6));
        pass().await;
        house.world.set_incident(other(&house, 2));
        pass().await;
        let gone = PortErrorKind::Unavailable("no connection".to_owned());
        house.world.trap_operation("incidents.page", 0, 3, Fault::Before(gone));
        pass().await;
        pass().await;
        pass().await;
        house.accept(Verb::Approve, "an answer").await;
        house.contain().await;
        let row = house.world.row(&house.id).unwrap();
        house.world.set_incident(layerguard_core::incident::Incident { revision: row.revision + 1, ..row });
    };
    let ((ended, printed), ()) = tokio::join!(watching, story);
    assert_eq!(ended, Ok(Exit::Done));
    let [out, err] = printed.map(|text| anstream::adapter::strip_str(&text).to_string());
    insta::assert_snapshot!("watch", out);
    assert!(err.contains("going on") && err.contains("answers again"), "{err}");
    assert_eq!(err.matches("going on").count(), 1, "a failure is said once: {err}");
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_may_not_read_ends_at_once() {
    let house = House::awaiting().await;
    let denied = PortErrorKind::Denied("ExpiredTokenException".to_owned());
    house.world.trap_operation("incidents.page", 0, 9, Fault::Before(denied));
    let ended = run(&house, &["incidents", "watch"]).await;
    assert_eq!(ended.0.unwrap_err().exit, Exit::Unreachable);
    assert!(ended.1.contains("aws sso login"), "{}", ended.1);
}

#[tokio::test(start_paused = true)]
async fn a_false_positive_becomes_an_exception_that_the_inventory_takes() {
    let house = lived_in().await;
    let arguments = ["exception", "propose", &house.id, "--owner", "ada@example.com", "--reason", "a \"mirror\""];
    let [out, err] = apart(&house, &arguments).await;
    insta::assert_snapshot!("proposed", format!("{out}---\n{err}"));
    let ours = "[organization]\nid = \"o-exampleorgid\"\naccounts = [\"111122223333\"]\n";
    let inventory = Inventory::from_toml(&format!("{ours}{out}")).unwrap();
    assert_eq!(inventory.exceptions[0].reason, "a \"mirror\"");
    assert!(inventory.exceptions[0].until.duration_since(house.world.now()) >= SignedDuration::from_hours(30 * 24));
    let [out, _] = apart(&house, &["exception", "propose", &house.id]).await;
    assert!(out.contains("assumed-role/on-call/alice") && out.contains(&house.id), "{out}");
}

#[tokio::test(start_paused = true)]
async fn an_exception_is_checked_with_the_inventory_it_goes_into() {
    let house = lived_in().await;
    let folder = std::env::temp_dir().join(format!("layerguard-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("inventory.toml");
    let propose = async |text: &str| {
        std::fs::write(&path, text).unwrap();
        run(&house, &["exception", "propose", &house.id, "--inventory", path.to_str().unwrap()]).await
    };
    let ours = "[organization]\nid = \"o-exampleorgid\"\naccounts = [\"111122223333\"]\n";
    assert!(propose(ours).await.0.is_ok());
    let broken = propose("[organisation]\n").await;
    assert_eq!(broken.0.unwrap_err().exit, Exit::Usage);
    assert!(broken.1.contains("organisation") && !broken.1.contains("[[exception]]"), "{}", broken.1);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_would_be_dangerous_is_not_proposed_and_says_what_to_do() {
    for (house, said) in
        [(scene::tampering().await, "layerguard reject"), (scene::undecided().await, "what was missing")]
    {
        let (ended, printed) = run(&house, &["exception", "propose", &house.id]).await;
        assert_eq!(ended.unwrap_err().exit, Exit::No);
        assert!(printed.contains(said) && !printed.contains("[[exception]]"), "{printed}");
    }
}
