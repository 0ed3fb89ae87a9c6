//! Generates the models of the Altinn APIs from recorded and documented exchanges.
//!
//! The fixtures give the types and shapes ([`infer`]); the manifest gives the names, the documents,
//! the identifiers and the enums ([`manifest`]); [`emit`] writes Rust. Members are optional unless
//! the manifest says, with a section of the wire facts, that they are always there.

#[cfg(test)]
mod adding;
mod coverage;
mod emit;
mod infer;
mod manifest;
mod names;

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use self::manifest::{Generation, Manifest};
use crate::fixture::{self, Source};

/// Writes every model file, or compares it when `check` is set.
pub(crate) fn generate(check: bool) -> Result<()> {
    generate_in(&crate::root(), check)
}

fn generate_in(root: &Path, check: bool) -> Result<()> {
    let manifest = Manifest::read(root)?;
    for generation in &manifest.generation {
        let text = model_file(root, generation)
            .with_context(|| format!("generating {}", generation.output))?;
        ensure_file_contents(&root.join(&generation.output), &text, check)?;
    }
    let readme = root.join("fixtures/README.md");
    let text = coverage::readme(
        &fs::read_to_string(&readme).context("fixtures/README.md")?,
        &fixture::load(root, "altinn2")?,
    )
    .context("fixtures/README.md")?;
    ensure_file_contents(&readme, &text, check)
}

fn model_file(root: &Path, generation: &Generation) -> Result<String> {
    let mut fixtures = fixture::load(root, &generation.name)?;
    fixtures.retain(|fixture| fixture.provenance.source != Source::Sim);
    let models = infer::models(generation, &fixtures)?;
    rustfmt(root, &emit::file(generation, &models)?)
}

/// The last word on layout, so that `cargo fmt --check` and `codegen --check` never disagree.
fn rustfmt(root: &Path, text: &str) -> Result<String> {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("rustfmt is missing: rustup component add rustfmt")?;
    child
        .stdin
        .take()
        .context("rustfmt takes no input")?
        .write_all(text.as_bytes())?;
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("rustfmt refused the generated code");
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn ensure_file_contents(path: &Path, text: &str, check: bool) -> Result<()> {
    let found = fs::read_to_string(path)
        .unwrap_or_default()
        .replace("\r\n", "\n");
    if found == text {
        return Ok(());
    }
    if check {
        let line = found
            .lines()
            .zip(text.lines())
            .take_while(|(a, b)| a == b)
            .count()
            + 1;
        bail!(
            "{} is not what the fixtures give (first difference in line {line}); run `cargo xtask codegen`",
            path.display()
        );
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text).with_context(|| path.display().to_string())?;
    crate::say(&format!("wrote {}", path.display()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::fixture::Fixture;

    #[test]
    fn what_is_checked_in_is_what_the_fixtures_give_twice_over() {
        let root = crate::root();
        let manifest = Manifest::read(&root).unwrap();
        for generation in &manifest.generation {
            let text = model_file(&root, generation).unwrap();
            assert_eq!(
                text,
                model_file(&root, generation).unwrap(),
                "not byte-stable"
            );
            ensure_file_contents(&root.join(&generation.output), &text, true).unwrap();
        }
    }

    #[test]
    fn a_changed_file_is_refused_with_the_command_to_run() {
        let error = ensure_file_contents(Path::new("/nonexistent/models.rs"), "x", true);
        assert!(
            error
                .unwrap_err()
                .to_string()
                .ends_with("run `cargo xtask codegen`")
        );
    }

    fn answer(status: u16, body: &Value) -> Fixture {
        let exchange = json!({
            "provenance": { "source": "spec", "section": "§1" },
            "request": { "method": "GET", "path": "/", "headers": {} },
            "response": { "status": status, "reason": "OK", "headers": {}, "body": body },
        });
        let fixture: Fixture = serde_json::from_value(exchange).unwrap();
        Fixture {
            operation: "roles".to_owned(),
            ..fixture
        }
    }

    /// What the generator makes of these answers, with these members of a type `Role`.
    fn generated(members: &str, bodies: &[Value]) -> Result<String> {
        let generation: Generation = toml::from_str(&format!(
            "name = \"a\"\noutput = \"models.rs\"\ncase = \"PascalCase\"\ndoc = \"Roles.\"\n\
             [[type]]\nname = \"Role\"\ndoc = \"A role.\"\nfrom = [\"roles#/[]\"]\nmembers = [{members}]"
        ))?;
        let mut fixtures: Vec<Fixture> = bodies.iter().map(|body| answer(200, body)).collect();
        fixtures.push(answer(403, &json!({"Error": "no sample of a role"})));
        let text = emit::file(&generation, &infer::models(&generation, &fixtures)?)?;
        Ok(text.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    fn refusal(members: &str, bodies: &[Value]) -> String {
        format!("{:#}", generated(members, bodies).unwrap_err())
    }

    #[test]
    fn samples_in_any_wrapping_become_one_struct() {
        let bodies = [
            json!([{"RoleId": 1, "Names": []}, {"RoleId": "2", "Names": ["x"], "Self": null}]),
            json!({"_embedded": {"roles": [{"RoleId": 3, "Since": "2014-11-05T00:00:00"}]}}),
        ];
        let text = generated(
            "{ wire = \"RoleId\", required = \"§2\", doc = \"Which.\" }",
            &bodies,
        );
        let text = text.unwrap();
        for part in [
            "/// Which. /// /// `RoleId` on the wire; always there (§2). pub role_id: IntOrText,",
            "`Names` on the wire; in 2 of 3 samples.",
            "#[serde(default, deserialize_with = \"wire::list\")] pub names: Vec<String>,",
            "pub self_: Option<Value>,",
            "pub since: Option<Timestamp>,",
            "use crate::wire::{IntOrText, Timestamp, self};",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        assert!(!text.contains("Error"), "a refusal is no sample");
    }

    #[test]
    fn a_type_that_holds_itself_is_boxed_and_aliases_are_one_member() {
        let members = "{ wire = \"Parent\", model = \"Role\", aliases = [\"parent \"] }";
        let bodies = [
            json!({"Parent": {"parent ": {}}}),
            json!([{"Parent": null}]),
        ];
        let text = generated(members, &bodies).unwrap();
        assert!(text.contains("alias = \"parent \""), "{text}");
        assert!(text.contains("pub parent: Option<Box<Role>>,"), "{text}");
        assert!(text.contains("in 3 of 4 samples"), "{text}");
    }

    #[test]
    fn both_cases_are_one_member_where_the_manifest_says_so() {
        let generation = |case: &str| -> Generation {
            toml::from_str(&format!(
                "name = \"a\"\noutput = \"models.rs\"\ncase = \"{case}\"\nany_case = true\ndoc = \"Roles.\"\n\
                 [[type]]\nname = \"Role\"\ndoc = \"A role.\"\nfrom = [\"roles#/[]\"]\n\
                 members = [{{ wire = \"parent\", model = \"crate::other::models::Group\" }}]"
            ))
            .unwrap()
        };
        let fixtures = [answer(
            200,
            &json!([{"roleId": 1, "Parent": {"x": 1}}, {"RoleId": 2, "parent": null}]),
        )];
        let camel = generation("camelCase");
        let text = emit::file(&camel, &infer::models(&camel, &fixtures).unwrap()).unwrap();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in [
            "`roleId` on the wire; in 2 of 2 samples.",
            "alias = \"RoleId\"",
            "alias = \"Parent\"",
            "pub parent: Option<Group>,",
            "use crate::other::models::Group;",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        let refused = infer::models(&generation("PascalCase"), &fixtures).unwrap_err();
        assert!(refused.to_string().contains("any_case"), "{refused}");
    }

    #[test]
    fn what_does_not_fit_is_refused_by_name() {
        let one = [json!([{"RoleId": 1, "Rights": {}}, {"Rights": {}}])];
        let rights = "{ wire = \"Rights\", model = \"Role\" }";
        for (members, why) in [
            (
                rights.to_owned() + ", { wire = \"Gone\" }",
                "Role.Gone is in no fixture",
            ),
            (
                rights.to_owned() + ", { wire = \"RoleId\", required = \"§2\" }",
                "required by §2",
            ),
            (
                "{ wire = \"Rights\", model = \"Right\" }".to_owned(),
                "no [[type]] is",
            ),
            (
                "{ wire = \"RoleId\" }".to_owned(),
                "name its type with `model`",
            ),
            (
                rights.to_owned() + ", { wire = \"RoleId\", type = \"RoleId\" }",
                "no [[id]], [[enum]] or [[type]] is called RoleId",
            ),
            (
                rights.to_owned() + ", { wire = \"RoleId\", name = \"rights\" }",
                "two members",
            ),
        ] {
            let found = refusal(&members, &one);
            assert!(found.contains(why), "{members}: {found}");
        }
        assert!(refusal("", &[]).contains("no answer has anything there"));
    }
}
