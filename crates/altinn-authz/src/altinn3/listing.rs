//! Lists as Altinn 3 sends them: in an envelope with a link to the next page, or bare; flat, or (in
//! the documentation) one array deeper.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::wire::PageLinks;

/// One page of a list of objects.
#[derive(Debug)]
pub(crate) struct Listing<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<String>,
}

/// The items, however deep the array lies.
struct Items<T>(Vec<T>);

enum Nested<T> {
    One(T),
    Many(Items<T>),
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Items<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Sequence<T>(PhantomData<T>);

        impl<'de, T: DeserializeOwned> Visitor<'de> for Sequence<T> {
            type Value = Items<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of objects")
            }

            fn visit_unit<E>(self) -> Result<Items<T>, E> {
                Ok(Items(Vec::new()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Items<T>, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element::<Nested<T>>()? {
                    match item {
                        Nested::One(item) => items.push(item),
                        Nested::Many(more) => items.extend(more.0),
                    }
                }
                Ok(Items(items))
            }
        }

        deserializer.deserialize_any(Sequence(PhantomData))
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Nested<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<T>(PhantomData<T>);

        impl<'de, T: DeserializeOwned> Visitor<'de> for Either<T> {
            type Value = Nested<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object, or a list of objects")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Nested<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Nested::One)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Nested<T>, A::Error> {
                let list = serde::de::value::SeqAccessDeserializer::new(list);
                Items::deserialize(list).map(Nested::Many)
            }
        }

        deserializer.deserialize_any(Either(PhantomData))
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Listing<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(bound = "T: DeserializeOwned")]
        struct Envelope<T> {
            #[serde(default, alias = "Links")]
            links: Option<PageLinks>,
            #[serde(alias = "Data")]
            data: Items<T>,
        }

        struct Wrapping<T>(PhantomData<T>);

        impl<'de, T: DeserializeOwned> Visitor<'de> for Wrapping<T> {
            type Value = Listing<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list, bare or with links and data")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Listing<T>, A::Error> {
                let page = Envelope::deserialize(MapAccessDeserializer::new(map))?;
                let next = page
                    .links
                    .and_then(|links| links.next)
                    .filter(|next| !next.is_empty());
                Ok(Listing {
                    items: page.data.0,
                    next,
                })
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Listing<T>, A::Error> {
                let list = serde::de::value::SeqAccessDeserializer::new(list);
                Ok(Listing {
                    items: Items::deserialize(list)?.0,
                    next: None,
                })
            }
        }

        deserializer.deserialize_any(Wrapping(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_in_every_wrapping() {
        #[derive(serde::Deserialize)]
        struct Item {
            n: u8,
        }
        let read = |json: &str| {
            let list: Result<Listing<Item>, _> = serde_json::from_str(json);
            list.map(|list| {
                (
                    list.items.iter().map(|item| item.n).collect::<Vec<_>>(),
                    list.next,
                )
            })
        };
        for json in [
            r#"[{"n":1},{"n":2}]"#,
            r#"{"links":{"next":null},"data":[{"n":1},{"n":2}]}"#,
            r#"{"links":{},"data":[[{"n":1},{"n":2}]]}"#,
            r#"{"data":[[{"n":1}],[{"n":2}]],"links":null}"#,
            r#"{"Links":{"Next":null},"Data":[{"n":1},{"n":2}]}"#,
            r#"{"data":[{"n":1},{"n":2}],"more":true,"links":{"next":""}}"#,
        ] {
            assert_eq!(read(json).unwrap(), (vec![1, 2], None), "{json}");
        }
        let next = read(r#"{"links":{"next":"https://x/2"},"data":null}"#).unwrap();
        assert_eq!(next, (vec![], Some("https://x/2".to_owned())));
        for wrong in [
            "{}",
            r#"{"links":{}}"#,
            "7",
            r#"["x"]"#,
            r#"{"data":7}"#,
            "null",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
