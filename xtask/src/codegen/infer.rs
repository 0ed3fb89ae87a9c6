//! From samples to shapes, and from shapes to types.

use std::{
    borrow::Cow,
    collections::{BTreeMap, VecDeque},
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value};

use super::manifest::{Case, Generation, Member, Type};
use crate::fixture::Fixture;

/// What a member's values looked like in all samples together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) null: bool,
    pub(crate) bool: bool,
    pub(crate) int: bool,
    pub(crate) float: bool,
    pub(crate) text: Option<Text>,
    pub(crate) object: bool,
    /// The elements of all arrays; an empty array has a shape that saw nothing.
    pub(crate) array: Option<Box<Shape>>,
    /// The elements of all lists that were nested as HAL resources.
    pub(crate) hal: Option<Box<Shape>>,
    /// The values of an object whose keys are data.
    pub(crate) map: Option<Box<Shape>>,
}

/// What all texts of a member had in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Text {
    /// Only empty ones so far, which tell nothing.
    Empty,
    /// Dates without a time.
    Date,
    /// Dates with a time.
    Timestamp,
    /// Whole numbers.
    Int,
    /// Anything else.
    Any,
}

impl Text {
    fn of(text: &str) -> Self {
        let digits = |range: std::ops::Range<usize>| {
            text.as_bytes()
                .get(range)
                .is_some_and(|part| part.iter().all(u8::is_ascii_digit))
        };
        let is_date = digits(0..4) && digits(5..7) && digits(8..10) && text[4..].starts_with('-');
        if text.is_empty() {
            Self::Empty
        } else if is_date && text.len() == 10 {
            Self::Date
        } else if is_date && text[10..].starts_with('T') && digits(11..13) && digits(14..16) {
            Self::Timestamp
        } else if text.parse::<i64>().is_ok() {
            Self::Int
        } else {
            Self::Any
        }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Empty, kind) | (kind, Self::Empty) => kind,
            (a, b) if a == b => a,
            _ => Self::Any,
        }
    }
}

impl Shape {
    /// Takes one more value in.
    pub(crate) fn add(&mut self, value: &Value) {
        match value {
            Value::Null => self.null = true,
            Value::Bool(_) => self.bool = true,
            Value::Number(number) if number.is_f64() => self.float = true,
            Value::Number(_) => self.int = true,
            Value::String(text) => {
                let kind = Text::of(text);
                self.text = Some(self.text.map_or(kind, |seen| seen.and(kind)));
            }
            Value::Array(items) => {
                let shape = self.array.get_or_insert_default();
                items.iter().for_each(|item| shape.add(item));
            }
            Value::Object(members) => match embedded(members) {
                Some(items) => {
                    let shape = self.hal.get_or_insert_default();
                    items.iter().for_each(|item| shape.add(item));
                }
                None => self.object = true,
            },
        }
    }

    fn scalar(&self) -> bool {
        self.bool || self.int || self.float || self.text.is_some()
    }
}

/// The only list that a HAL resource embeds.
fn embedded(members: &Map<String, Value>) -> Option<&Vec<Value>> {
    let lists = members.get("_embedded")?.as_object()?;
    match lists.values().next() {
        Some(Value::Array(items)) if lists.len() == 1 => Some(items),
        _ => None,
    }
}

/// The type of a field, before optionality.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ty {
    Bool,
    Int,
    Float,
    String,
    /// Text or number by the name of its type: one of the wire module, an id, an enum, a path.
    Scalar(String),
    /// HAL links.
    Links,
    /// A generated type.
    Model(String),
    Vec(Box<Ty>),
    HalList(Box<Ty>),
    OneOrMany(Box<Ty>),
    Map(Box<Ty>),
    /// Nothing but null was ever seen.
    Any,
}

impl Ty {
    /// Chooses the type that reads everything the shape has seen.
    pub(crate) fn of(shape: &Shape, member: &Member) -> Result<Self> {
        if member.wire == "_links" && (shape.object || shape.array.is_some()) {
            return Ok(Self::Links);
        }
        if let Some(values) = &shape.map {
            let value = Member {
                map: false,
                ..member.clone()
            };
            return Ok(Self::Map(Box::new(Self::of(values, &value)?)));
        }
        let list = shape.array.is_some() || shape.hal.is_some();
        // one text alone, or an array of them
        if let (true, Some(items), None, false) =
            (shape.scalar(), &shape.array, &shape.hal, shape.object)
            && !items.object
            && items.array.is_none()
        {
            let mut all = Self::scalars(shape);
            all.merge(items);
            return Ok(Self::OneOrMany(Box::new(Self::item(&all, member)?)));
        }
        ensure!(
            !(shape.scalar() && (shape.object || list)),
            "is text or a number in one sample and an object or an array in another"
        );
        if !list {
            return Self::item(shape, member);
        }
        let mut items = Shape {
            object: shape.object,
            ..Shape::default()
        };
        for part in [&shape.array, &shape.hal].into_iter().flatten() {
            items.merge(part);
        }
        let item = Box::new(Self::item(&items, member)?);
        Ok(match (&shape.hal, shape.object) {
            (Some(_), false) => Self::HalList(item),
            (None, true) => Self::OneOrMany(item),
            (None, false) => Self::Vec(item),
            (Some(_), true) => bail!("is a HAL list in one sample and a plain object in another"),
        })
    }

    fn scalars(shape: &Shape) -> Shape {
        Shape {
            array: None,
            hal: None,
            ..shape.clone()
        }
    }

    fn item(shape: &Shape, member: &Member) -> Result<Self> {
        if let Some(model) = &member.model {
            ensure!(
                !shape.scalar(),
                "the manifest says model {model}, but samples have a scalar"
            );
            return Ok(Self::Model(model.clone()));
        }
        if let Some(list) = shape.array.as_ref().or(shape.hal.as_ref()) {
            return Ok(Self::Vec(Box::new(Self::item(list, member)?)));
        }
        ensure!(
            !shape.object,
            "is an object: name its type with `model` in the manifest"
        );
        if let Some(name) = &member.scalar {
            ensure!(
                !shape.bool && !shape.float,
                "the manifest says {name}, but samples have neither text nor a whole number"
            );
            return Ok(Self::Scalar(name.clone()));
        }
        let wire = |name: &str| Self::Scalar(format!("crate::wire::{name}"));
        Ok(match (shape.bool, shape.int, shape.float, shape.text) {
            (false, false, false, None) => Self::Any,
            (true, false, false, None) => Self::Bool,
            (false, true, false, None) => Self::Int,
            (false, _, true, None) => Self::Float,
            (false, true, false, Some(_)) => wire("IntOrText"),
            (false, false, false, Some(Text::Date)) => wire("Date"),
            (false, false, false, Some(Text::Timestamp)) => wire("Timestamp"),
            (false, false, false, Some(_)) => Self::String,
            _ => bail!("has values of kinds that no type reads together"),
        })
    }
}

impl Shape {
    fn merge(&mut self, other: &Self) {
        self.null |= other.null;
        self.bool |= other.bool;
        self.int |= other.int;
        self.float |= other.float;
        self.object |= other.object;
        if let Some(text) = other.text {
            self.text = Some(self.text.map_or(text, |seen| seen.and(text)));
        }
        for (mine, theirs) in [
            (&mut self.array, &other.array),
            (&mut self.hal, &other.hal),
            (&mut self.map, &other.map),
        ] {
            if let Some(theirs) = theirs {
                mine.get_or_insert_default().merge(theirs);
            }
        }
    }
}

/// A struct to write.
#[derive(Debug)]
pub(crate) struct Model<'m> {
    pub(crate) ty: &'m Type,
    pub(crate) samples: usize,
    pub(crate) fields: Vec<Field<'m>>,
}

#[derive(Debug)]
pub(crate) struct Field<'m> {
    pub(crate) member: Cow<'m, Member>,
    pub(crate) ty: Ty,
    /// In how many samples the member stood, null or not.
    pub(crate) seen: usize,
}

#[derive(Debug, Default)]
struct Gathered {
    samples: usize,
    members: BTreeMap<String, (usize, Shape)>,
}

/// The structs of a generation, in the order of the manifest.
pub(crate) fn models<'m>(
    generation: &'m Generation,
    fixtures: &[Fixture],
) -> Result<Vec<Model<'m>>> {
    let types: BTreeMap<&str, &Type> = generation
        .types
        .iter()
        .map(|ty| (ty.name.as_str(), ty))
        .collect();
    ensure!(
        types.len() == generation.types.len(),
        "two types have the same name"
    );
    ensure!(
        !generation.any_case || generation.case == Case::Camel,
        "`any_case` is for members that the manifest spells in camelCase"
    );

    let mut queue = VecDeque::new();
    for ty in &generation.types {
        for from in &ty.from {
            let found = roots(from, fixtures).with_context(|| format!("{}: {from}", ty.name))?;
            queue.extend(found.into_iter().map(|value| (ty, value)));
        }
    }

    let mut gathered: BTreeMap<&str, Gathered> = BTreeMap::new();
    while let Some((ty, value)) = queue.pop_front() {
        let Some(members) = value.as_object() else {
            bail!("a sample of {} is no object", ty.name);
        };
        let seen = gathered.entry(&ty.name).or_default();
        seen.samples += 1;
        for (wire, value) in members {
            let wire = match generation.any_case {
                true => &with_first(wire, char::to_ascii_lowercase),
                false => wire,
            };
            let member = ty.member(wire);
            let (count, shape) = seen
                .members
                .entry(member.map_or(wire, |m| &m.wire).clone())
                .or_default();
            *count += 1;
            match value.as_object() {
                Some(map) if member.is_some_and(|member| member.map) => {
                    let values = shape.map.get_or_insert_default();
                    map.values().for_each(|value| values.add(value));
                }
                _ => shape.add(value),
            }
            let model = member.and_then(|member| member.model.as_deref());
            if let Some(model) = model.filter(|model| !model.contains("::")) {
                let inner = types.get(model).with_context(|| {
                    format!("{}.{wire} has model {model}, which no [[type]] is", ty.name)
                })?;
                queue.extend(items(value).into_iter().map(|item| (*inner, item)));
            }
        }
    }
    generation
        .types
        .iter()
        .map(|ty| model(ty, gathered.remove(ty.name.as_str())))
        .collect()
}

/// The name with its first letter changed.
pub(crate) fn with_first(name: &str, change: impl Fn(&char) -> char) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|letter| change(&letter));
    first.into_iter().chain(letters).collect()
}

impl Type {
    fn member(&self, wire: &str) -> Option<&Member> {
        self.members
            .iter()
            .find(|member| member.wire == wire || member.aliases.iter().any(|alias| alias == wire))
    }
}

fn model(ty: &Type, gathered: Option<Gathered>) -> Result<Model<'_>> {
    let Some(Gathered {
        samples,
        mut members,
    }) = gathered
    else {
        bail!(
            "no fixture has a {}: record one, or take it out of the manifest",
            ty.name
        );
    };
    let mut fields = Vec::new();
    for member in &ty.members {
        let (seen, shape) = members
            .remove(&member.wire)
            .with_context(|| format!("{}.{} is in no fixture", ty.name, member.wire))?;
        if let Some(section) = &member.required {
            ensure!(
                seen == samples && !shape.null,
                "{}.{} is required by {section}, but {} of {samples} samples lack it",
                ty.name,
                member.wire,
                samples - seen
            );
        }
        let ty = Ty::of(&shape, member).with_context(|| format!("{}.{}", ty.name, member.wire))?;
        fields.push(Field {
            member: Cow::Borrowed(member),
            ty,
            seen,
        });
    }
    for (wire, (seen, shape)) in members {
        let member = Member {
            wire,
            ..Member::default()
        };
        let ty = Ty::of(&shape, &member).with_context(|| format!("{}.{}", ty.name, member.wire))?;
        fields.push(Field {
            member: Cow::Owned(member),
            ty,
            seen,
        });
    }
    Ok(Model {
        ty,
        samples,
        fields,
    })
}

/// The samples that `operation#pointer` names in the answers of that operation that did what was
/// asked, or `operation!pointer` in those that refused.
fn roots<'f>(from: &str, fixtures: &'f [Fixture]) -> Result<Vec<&'f Value>> {
    let at = from
        .find(['#', '!'])
        .context("needs the form operation#pointer")?;
    let (operation, pointer) = (&from[..at], &from[at + 1..]);
    let refused = from[at..].starts_with('!');
    let mut found = Vec::new();
    for fixture in fixtures {
        let wanted = operation == "*" || fixture.operation == operation;
        let status = fixture.response.status;
        let Some(body) = fixture.response.body.as_ref().filter(|_| wanted) else {
            continue;
        };
        if refused == (status >= 300) {
            let mut values = vec![body];
            for token in pointer.split('/').skip(1) {
                values = values
                    .into_iter()
                    .flat_map(|value| step(value, token))
                    .collect();
            }
            found.extend(values.into_iter().filter(|value| value.is_object()));
        }
    }
    ensure!(!found.is_empty(), "no answer has anything there");
    Ok(found)
}

fn step<'v>(value: &'v Value, token: &str) -> Vec<&'v Value> {
    match token {
        "[]" => items(value),
        "*" => value
            .as_array()
            .map(|items| items.iter().collect())
            .unwrap_or_default(),
        name => value
            .get(name.replace("~1", "/").replace("~0", "~"))
            .into_iter()
            .collect(),
    }
}

/// The items of a list, however it is wrapped.
fn items(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(members) => {
            embedded(members).map_or_else(|| vec![value], |items| items.iter().collect())
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ty(samples: &[Value], member: &Member) -> Result<Ty> {
        let mut shape = Shape::default();
        samples.iter().for_each(|sample| shape.add(sample));
        Ty::of(&shape, member)
    }

    fn infer(samples: &[Value]) -> Ty {
        ty(samples, &Member::default()).unwrap()
    }

    fn role() -> Member {
        Member {
            model: Some("Role".into()),
            ..Member::default()
        }
    }

    fn wire(name: &str) -> Ty {
        Ty::Scalar(format!("crate::wire::{name}"))
    }

    #[test]
    fn scalars() {
        assert_eq!(infer(&[json!(1), json!("1")]), wire("IntOrText"));
        assert_eq!(
            infer(&[json!("a"), json!(1), json!(null)]),
            wire("IntOrText")
        );
        assert_eq!(infer(&[json!(1)]), Ty::Int);
        assert_eq!(infer(&[json!(1), json!(1.5)]), Ty::Float);
        assert_eq!(infer(&[json!(true), json!(null)]), Ty::Bool);
        // leading zeros and identifiers: text of digits stays text
        assert_eq!(infer(&[json!("0042")]), Ty::String);
    }

    #[test]
    fn dates_keep_their_text_only_when_all_of_them_are_dates() {
        for text in [
            "2014-11-05T00:00:00",
            "2018-02-10T09:30Z",
            "2021-06-14T14:48:48.6370797+02:00",
        ] {
            assert_eq!(
                infer(&[json!(text), json!(""), json!(null)]),
                wire("Timestamp"),
                "{text}"
            );
        }
        assert_eq!(infer(&[json!("1958-09-02")]), wire("Date"));
        assert_eq!(infer(&[json!("1958-09-02"), json!("unknown")]), Ty::String);
        assert_eq!(infer(&[json!("å958-09-02T10")]), Ty::String);
    }

    #[test]
    fn null_and_empty_array_tell_nothing() {
        assert_eq!(infer(&[json!(null)]), Ty::Any);
        assert_eq!(infer(&[json!([])]), Ty::Vec(Box::new(Ty::Any)));
        assert_eq!(
            infer(&[json!([]), json!(["a"]), json!(null)]),
            Ty::Vec(Box::new(Ty::String))
        );
        assert_eq!(
            ty(&[json!([])], &role()).unwrap(),
            Ty::Vec(Box::new(Ty::Model("Role".into())))
        );
    }

    #[test]
    fn lists_in_every_wrapping() {
        let item = || Box::new(Ty::Model("Role".into()));
        let nested = json!({"_links": {}, "_embedded": {"roles": [{"RoleId": 1}]}});
        let one = json!([{"RoleId": 1}]);
        let object = json!({"RoleId": 1});
        let of = |samples: &[Value]| ty(samples, &role()).unwrap();
        assert_eq!(of(std::slice::from_ref(&nested)), Ty::HalList(item()));
        assert_eq!(of(&[nested.clone(), one.clone()]), Ty::HalList(item()));
        assert_eq!(
            of(&[json!({"_embedded": {"roles": []}})]),
            Ty::HalList(item())
        );
        assert_eq!(of(std::slice::from_ref(&one)), Ty::Vec(item()));
        assert_eq!(of(&[one, object.clone()]), Ty::OneOrMany(item()));
        assert_eq!(of(std::slice::from_ref(&object)), *item());
        assert!(ty(&[nested, object.clone()], &role()).is_err());
        assert!(
            ty(&[object], &Member::default()).is_err(),
            "an object needs a name"
        );
    }

    #[test]
    fn one_text_alone_or_several_in_an_array() {
        let texts = Ty::OneOrMany(Box::new(Ty::String));
        assert_eq!(infer(&[json!("a"), json!(["a", "b"])]), texts);
        assert_eq!(infer(&[json!("a"), json!([])]), texts);
        let numbers = Ty::OneOrMany(Box::new(wire("IntOrText")));
        assert_eq!(infer(&[json!(1), json!(["2"]), json!(null)]), numbers);
    }

    #[test]
    fn a_number_that_comes_as_text_anywhere_is_read_from_both() {
        let nested = |code: Value| json!({"_embedded": {"roles": [{"Code": code}]}});
        let shapes = [nested(json!(1)), nested(json!("2"))];
        // nested lists are read by their items: in any wrapping they are the same list
        assert_eq!(
            ty(&shapes, &role()).unwrap(),
            Ty::HalList(Box::new(Ty::Model("Role".into())))
        );
        assert_eq!(
            infer(&[json!([1]), json!(["2"])]),
            Ty::Vec(Box::new(wire("IntOrText")))
        );
    }

    #[test]
    fn kinds_that_do_not_go_together_are_refused() {
        assert!(ty(&[json!(true), json!("true")], &Member::default()).is_err());
        assert!(ty(&[json!("x"), json!([true])], &Member::default()).is_err());
        assert!(ty(&[json!("x"), json!([{}])], &Member::default()).is_err());
        assert!(ty(&[json!("x"), json!([["x"]])], &Member::default()).is_err());
        assert!(ty(&[json!("x")], &role()).is_err());
    }
}
