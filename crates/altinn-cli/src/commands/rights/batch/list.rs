//! A list of what is to be given or taken back: CSV, or JSON.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use serde_json::Value;

use crate::commands::rights::{ToArgs, WhatArgs};
use crate::failure::Failure;

const COLUMNS: [&str; 10] = [
    "from", "to", "lastname", "name", "package", "resource", "instance", "service", "role", "right",
];
/// So many faults are told; the rest is counted.
const TOLD: usize = 20;

/// A row, as a command line would say it.
pub(super) struct Item {
    /// Where it is in the file: `line 3`, or `item 2` of a JSON list.
    pub(super) place: String,
    pub(super) from: String,
    pub(super) to: ToArgs,
    pub(super) what: WhatArgs,
}

impl Item {
    /// All that it says, for a fingerprint. It holds person numbers.
    pub(super) fn identity(&self) -> String {
        let Self { from, to, what, .. } = self;
        let texts =
            [&to.to, &to.last_name, &to.name].map(|text| text.as_deref().unwrap_or_default());
        let lists = [
            &what.packages,
            &what.resources,
            &what.instances,
            &what.roles,
            &what.services,
            &what.rights,
        ];
        let lists = lists.map(|list| list.join(" "));
        format!("{from}\n{}\n{}", texts.join("\n"), lists.join("\n"))
    }

    fn of(
        place: String,
        from: Option<&str>,
        mut cells: BTreeMap<&str, String>,
    ) -> Result<Self, String> {
        let mut take = |name: &str| {
            let text = cells.remove(name).unwrap_or_default();
            Some(text.trim().to_owned()).filter(|text| !text.is_empty())
        };
        let from = match (take("from"), from) {
            (Some(text), _) => text,
            (None, Some(text)) => text.to_owned(),
            (None, None) => {
                return Err("nobody gives: fill in the column from, or say --from".to_owned());
            }
        };
        let to = take("to").ok_or("nobody receives: the column to is empty")?;
        let digits = to.chars().filter(char::is_ascii_digit).count();
        if digits == to.len() && digits == 10 {
            return Err("to: this number has ten digits: a spreadsheet may have taken away a person number's leading zero".to_owned());
        }
        let words = |text: Option<String>| {
            let text = text.unwrap_or_default();
            text.split([' ', ',', '|'])
                .filter(|word| !word.is_empty())
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let to = ToArgs {
            to: Some(to),
            last_name: take("lastname"),
            name: take("name"),
        };
        let what = WhatArgs {
            packages: take("package").into_iter().collect(),
            resources: take("resource").into_iter().collect(),
            instances: take("instance").into_iter().collect(),
            services: take("service").into_iter().collect(),
            roles: take("role").into_iter().collect(),
            rights: words(take("right")),
        };
        let kinds = [&what.packages, &what.resources, &what.services, &what.roles];
        match kinds.iter().filter(|kind| !kind.is_empty()).count() {
            0 => Err("nothing is named: fill in package, resource, service or role".to_owned()),
            1 => Ok(Self {
                place,
                from,
                to,
                what,
            }),
            _ => Err("a row is for one thing: package, resource, service or role".to_owned()),
        }
    }
}

/// Reads a list; `from` is the giver of rows that name none.
pub(super) fn read(file: &Path, from: Option<&str>) -> Result<Vec<Item>, Failure> {
    let text = text(file)?;
    let shown = file.display();
    let begins = text.trim_start().chars().next();
    let rows = match begins {
        Some('[' | '{') => json(&text).map_err(|fault| wrong(file, &fault))?,
        _ => csv(&text).map_err(|fault| wrong(file, &fault))?,
    };
    if rows.is_empty() {
        return Err(Failure::usage(format!("{shown}: there are no rows"))
            .todo("write a row for each thing: `altinn rights grant --help` shows how"));
    }
    let count = rows.len();
    let mut items = Vec::new();
    let mut wrong = Vec::new();
    for (place, cells) in rows {
        match Item::of(place.clone(), from, cells) {
            Ok(item) => items.push(item),
            Err(fault) => wrong.push(format!("{place}: {fault}")),
        }
    }
    faults(file, count, &wrong).map(|()| items)
}

/// All faults of a list at once, so that it is corrected once.
pub(super) fn faults(file: &Path, rows: usize, faults: &[String]) -> Result<(), Failure> {
    if faults.is_empty() {
        return Ok(());
    }
    let sentence = format!(
        "{}: {} of {rows} rows cannot be used; nothing was sent",
        file.display(),
        faults.len()
    );
    let failure = Failure::usage(sentence).todo("correct these rows, and run it again");
    let failure = faults
        .iter()
        .take(TOLD)
        .fold(failure, |failure, fault| failure.note(fault));
    Err(match faults.len().saturating_sub(TOLD) {
        0 => failure,
        more => failure.note(format!("and {more} more")),
    })
}

fn wrong(file: &Path, fault: &str) -> Failure {
    Failure::usage(format!("{}: {fault}", file.display()))
        .todo("`altinn rights grant --help` shows how such a file looks")
}

fn text(file: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = match file.as_os_str() == "-" {
        true => std::io::stdin().read_to_end(&mut bytes),
        false => std::fs::File::open(file).and_then(|mut file| file.read_to_end(&mut bytes)),
    };
    read.map_err(|error| {
        let why = match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
            _ => error.to_string(),
        };
        Failure::usage(format!("--file: {}: {why}", file.display())).todo("check the path")
    })?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Failure::usage(format!("{}: this is not UTF-8", file.display()))
            .todo("save it anew; in Excel as \"CSV UTF-8\"")
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned())
}

type Cells = (String, BTreeMap<&'static str, String>);

/// A column's name as this program has it.
fn column(name: &str) -> Result<&'static str, String> {
    let plain: String = name
        .chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    let plain = plain
        .strip_suffix('s')
        .filter(|one| COLUMNS.contains(one))
        .unwrap_or(&plain);
    COLUMNS
        .into_iter()
        .find(|known| *known == plain)
        .ok_or_else(|| {
            format!("there is no column {name:?}: they are from, to, lastName, name, package, resource, instance, service, role, right")
        })
}

fn csv(text: &str) -> Result<Vec<Cells>, String> {
    let mut lines = text.lines();
    let head = lines
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    let delimiter = [b';', b'\t']
        .into_iter()
        .find(|delimiter| head.contains(char::from(*delimiter)))
        .unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let torn = |error: csv::Error| match error.kind() {
        csv::ErrorKind::UnequalLengths {
            pos,
            expected_len,
            len,
        } => format!(
            "line {}: {len} cells, and there are {expected_len} columns",
            pos.as_ref().map_or(0, csv::Position::line)
        ),
        _ => format!("this is no CSV: {error}"),
    };
    let names = reader.headers().map_err(torn)?.clone();
    let columns: Vec<&'static str> = names.iter().map(column).collect::<Result<_, _>>()?;
    for (at, column) in columns.iter().enumerate() {
        if columns[..at].contains(column) {
            return Err(format!("the column {column} is there twice"));
        }
    }
    if !columns.contains(&"to") {
        return Err("the first line names the columns, and there is none called to".to_owned());
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(torn)?;
        if record.iter().all(str::is_empty) {
            continue;
        }
        let line = record.position().map_or(0, csv::Position::line);
        let cells = columns
            .iter()
            .copied()
            .zip(record.iter().map(str::to_owned));
        rows.push((format!("line {line}"), cells.collect()));
    }
    Ok(rows)
}

fn json(text: &str) -> Result<Vec<Cells>, String> {
    let objects: Vec<(String, Value)> = match text.trim_start().starts_with('[') {
        true => {
            let all: Vec<Value> =
                serde_json::from_str(text).map_err(|error| at("this is no JSON", &error))?;
            let numbered = (1..).zip(all);
            numbered
                .map(|(number, value): (usize, Value)| (format!("item {number}"), value))
                .collect()
        }
        false => {
            let lines = (1..).zip(text.lines());
            lines
                .filter(|(_, line)| !line.trim().is_empty())
                .map(|(number, line): (usize, &str)| {
                    let read = serde_json::from_str(line);
                    read.map(|value| (format!("line {number}"), value))
                        .map_err(|_| format!("line {number}: this is no JSON object"))
                })
                .collect::<Result<_, _>>()?
        }
    };
    let mut rows = Vec::new();
    for (place, object) in objects {
        let Value::Object(members) = object else {
            return Err(format!("{place} is no object"));
        };
        let mut cells = BTreeMap::new();
        for (name, value) in members {
            let name = column(&name).map_err(|fault| format!("{place}: {fault}"))?;
            let text = match value {
                Value::Null => continue,
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                Value::Array(items) => {
                    let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
                    let texts =
                        texts.ok_or_else(|| format!("{place}: {name} is no list of texts"))?;
                    texts.join(" ")
                }
                _ => return Err(format!("{place}: {name} is no text")),
            };
            if cells.insert(name, text).is_some() {
                return Err(format!("{place}: {name} is there twice"));
            }
        }
        rows.push((place, cells));
    }
    Ok(rows)
}

/// Without the parser's words: they may quote a number.
fn at(what: &str, error: &serde_json::Error) -> String {
    format!("{what} (line {}, column {})", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(text: &str, from: Option<&str>) -> Result<Vec<Item>, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("list");
        std::fs::write(&file, text).unwrap();
        read(&file, from)
    }

    #[test]
    fn the_same_list_in_every_form() {
        let forms = [
            "from,to,lastName,package,resource,right\n310753831,26899299344,HEIS,skattegrunnlag,,\n310753831,310779253,,,skf,read write\n",
            "\u{feff}From;To;Last name;Package;Resource;Rights\r\n310753831;26899299344;HEIS;skattegrunnlag;;\r\n\r\n310753831;310779253;;;skf;read|write\r\n",
            r#"[{"from":"310753831","to":"26899299344","lastName":"HEIS","package":"skattegrunnlag"},
                {"from":310753831,"to":"310779253","resource":"skf","right":["read","write"]}]"#,
            "{\"to\":\"26899299344\",\"last_name\":\"HEIS\",\"package\":\"skattegrunnlag\"}\n{\"to\":\"310779253\",\"resource\":\"skf\",\"right\":\"read,write\"}\n",
        ];
        let identities = forms.map(|form| {
            let items = items(form, Some("310753831")).unwrap();
            items.iter().map(Item::identity).collect::<Vec<_>>()
        });
        assert!(
            identities.windows(2).all(|pair| pair[0] == pair[1]),
            "{identities:#?}"
        );
        assert_eq!(identities[0].len(), 2);
    }

    #[test]
    fn what_cannot_be_used_is_said_with_its_line() {
        for (text, said) in [
            ("", "no column"),
            ("to,package\n", "no rows"),
            ("from,package\n1,2\n", "none called to"),
            ("to,pakke\n1,2\n", "no column \"pakke\""),
            ("to,package\n1\n", "line 2: 1 cells"),
            ("to,To,package\n1,2,3\n", "to is there twice"),
            ("[{\"to\":\"1\",\"To\":\"2\"}]", "item 1: to is there twice"),
            ("[{\"to\":\"1\"}]", "item 1: nobody gives"),
            ("[{\"to\":1", "no JSON (line 1"),
            ("[1]", "item 1 is no object"),
            ("{\"to\":true}", "to is no text"),
            ("{\"to\":\n", "line 1: this is no JSON object"),
        ] {
            let failure = items(text, None).err().unwrap();
            let all = failure.to_json().to_string().replace("\\\"", "\"");
            assert!(all.contains(said) || text.is_empty(), "{said}: {all}");
        }
        let text = "to,package,role\n26899299344,,\n,a,\n2689929934,a,\n26899299344,a,b\n";
        let failure = items(text, None).err().unwrap();
        let said = failure.to_json().to_string();
        assert!(said.contains("4 of 4 rows"), "{said}");
        for line in ["line 2", "line 3", "line 4", "line 5"] {
            assert!(said.contains(line), "{line}: {said}");
        }
        let failure = items(text, Some("310753831")).err().unwrap();
        let said = failure.to_json().to_string();
        for part in [
            "nothing is named",
            "nobody receives",
            "leading zero",
            "one thing",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        let latin1 = b"to,lastName\n26899299344,S\xd8RLI\n";
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("list.csv");
        std::fs::write(&file, latin1).unwrap();
        let said = read(&file, None).err().unwrap().to_json().to_string();
        assert!(
            said.contains("not UTF-8") && said.contains("CSV UTF-8"),
            "{said}"
        );
    }
}
