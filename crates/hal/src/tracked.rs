//! A deserializer around another that knows where it is and what was wanted there.
//!
//! Used for the second reading of a document whose first failed: serde's own messages quote values
//! and do not say where.

use std::cell::RefCell;
use std::fmt;

use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, Expected, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use crate::error::{Error, ErrorKind};
use crate::json::{Borrowed, Key, KeyText, Transient};
use crate::pointer;

/// An error as serde's types raise it, without values.
#[derive(Debug)]
pub(crate) struct Raised {
    /// None for what came from the underlying text (a syntax error).
    mismatch: Option<(String, String)>,
    pointer: Option<String>,
}

impl Raised {
    fn new(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self {
            mismatch: Some((expected.into(), found.into())),
            pointer: None,
        }
    }

    pub(crate) fn into_error(self) -> Option<Error> {
        let (expected, found) = self.mismatch?;
        Some(Error::new(ErrorKind::Shape, expected, found).at(self.pointer.unwrap_or_default()))
    }
}

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the document does not fit")
    }
}

impl std::error::Error for Raised {}

impl de::Error for Raised {
    fn custom<M: fmt::Display>(_: M) -> Self {
        Self::new("a value that its type accepts", "another")
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(expected.to_string(), shape(&found))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(
            expected.to_string(),
            format!("{} of another value", shape(&found)),
        )
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::new(expected.to_string(), format!("{length} items"))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("one of {}", expected.join(", ")), "another text")
    }

    fn unknown_field(_: &str, expected: &'static [&'static str]) -> Self {
        Self::new(
            format!("only the members {}", expected.join(", ")),
            "another member",
        )
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(format!("a member {field}"), "none")
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(format!("one member {field}"), "several")
    }
}

fn shape(found: &Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Bool(_) => "a boolean",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => "a number",
        Unexpected::Char(_) | Unexpected::Str(_) => "a string",
        Unexpected::Unit | Unexpected::Option => "null",
        Unexpected::Seq => "an array",
        Unexpected::Map => "an object",
        _ => "something else",
    }
}

/// Where we are: a chain on the stack.
#[derive(Clone, Copy)]
pub(crate) enum At<'t> {
    Root,
    Member(&'t At<'t>, &'t str),
    Item(&'t At<'t>, usize),
}

impl At<'_> {
    fn write(&self, to: &mut String) {
        match self {
            Self::Root => {}
            Self::Member(parent, name) => {
                parent.write(to);
                pointer::push(to, name);
            }
            Self::Item(parent, index) => {
                parent.write(to);
                pointer::push(to, &index.to_string());
            }
        }
    }
}

/// Carries an error past the foreign error types between our layers.
type Slot = RefCell<Option<Raised>>;

#[derive(Clone, Copy)]
pub(crate) struct Track<'t> {
    at: &'t At<'t>,
    slot: &'t Slot,
}

impl Track<'_> {
    /// Our error into a foreign one: the place is written down on its first way out, which is the
    /// deepest.
    fn out<E: de::Error>(&self, mut raised: Raised) -> E {
        if raised.pointer.is_none() {
            let mut pointer = String::new();
            self.at.write(&mut pointer);
            raised.pointer = Some(pointer);
        }
        *self.slot.borrow_mut() = Some(raised);
        E::custom("")
    }

    /// Ours again.
    fn back<E>(&self, _: E) -> Raised {
        self.slot.borrow_mut().take().unwrap_or(Raised {
            mismatch: None,
            pointer: None,
        })
    }
}

/// Reads a `T`, and says where and why if that fails.
pub(crate) fn read<'de, T, D>(deserializer: D) -> Result<T, Raised>
where
    T: de::Deserialize<'de>,
    D: Deserializer<'de>,
{
    let slot = Slot::default();
    let track = Track {
        at: &At::Root,
        slot: &slot,
    };
    T::deserialize(Tracked {
        inner: deserializer,
        track,
    })
    .map_err(|mut raised| {
        raised.pointer.get_or_insert_default();
        raised
    })
}

struct Tracked<'t, X> {
    inner: X,
    track: Track<'t>,
}

impl<'t, X> Tracked<'t, X> {
    fn over<Y>(track: Track<'t>, inner: Y) -> Tracked<'t, Y> {
        Tracked { inner, track }
    }
}

macro_rules! forwarded {
    ($($method:ident ( $($name:ident : $type:ty),* ))*) => { $(
        fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value, Raised> {
            let visitor = Self::over(self.track, visitor);
            self.inner.$method($($name,)* visitor).map_err(|e| self.track.back(e))
        }
    )* };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Tracked<'_, D> {
    type Error = Raised;

    // Where a type only hints at what it wants, it is given what there is: serde_json would raise the
    // mismatch itself, and with the value in the message.
    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string unit unit_struct seq tuple
        tuple_struct map struct identifier
    }

    forwarded! {
        deserialize_any() deserialize_i128() deserialize_u128() deserialize_bytes()
        deserialize_byte_buf() deserialize_option() deserialize_newtype_struct(name: &'static str)
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
        deserialize_ignored_any()
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

macro_rules! visited {
    ($($method:ident ( $($name:ident : $type:ty)? ))*) => { $(
        fn $method<E: de::Error>(self $(, $name: $type)?) -> Result<V::Value, E> {
            self.inner.$method::<Raised>($($name)?).map_err(|raised| self.track.out(raised))
        }
    )* };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Tracked<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    visited! {
        visit_bool(value: bool) visit_i8(value: i8) visit_i16(value: i16) visit_i32(value: i32)
        visit_i64(value: i64) visit_i128(value: i128) visit_u8(value: u8) visit_u16(value: u16)
        visit_u32(value: u32) visit_u64(value: u64) visit_u128(value: u128) visit_f32(value: f32)
        visit_f64(value: f64) visit_char(value: char) visit_str(value: &str)
        visit_borrowed_str(value: &'de str) visit_string(value: String) visit_bytes(value: &[u8])
        visit_borrowed_bytes(value: &'de [u8]) visit_byte_buf(value: Vec<u8>) visit_none()
        visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        let tracked = Self::over(self.track, inner);
        self.inner
            .visit_some(tracked)
            .map_err(|raised| self.track.out(raised))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        let tracked = Self::over(self.track, inner);
        self.inner
            .visit_newtype_struct(tracked)
            .map_err(|raised| self.track.out(raised))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let items = Items {
            inner,
            track: self.track,
            index: 0,
        };
        self.inner
            .visit_seq(items)
            .map_err(|raised| self.track.out(raised))
    }

    fn visit_map<A: MapAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let members = Members {
            inner,
            track: self.track,
            name: String::new(),
        };
        self.inner
            .visit_map(members)
            .map_err(|raised| self.track.out(raised))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let tracked = Self::over(self.track, inner);
        self.inner
            .visit_enum(tracked)
            .map_err(|raised| self.track.out(raised))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Tracked<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        let tracked = Self::over(self.track, deserializer);
        self.inner
            .deserialize(tracked)
            .map_err(|raised| self.track.out(raised))
    }
}

struct Items<'t, A> {
    inner: A,
    track: Track<'t>,
    index: usize,
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Items<'_, A> {
    type Error = Raised;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Raised> {
        let at = At::Item(self.track.at, self.index);
        self.index += 1;
        let track = Track {
            at: &at,
            slot: self.track.slot,
        };
        self.inner
            .next_element_seed(Tracked { inner: seed, track })
            .map_err(|e| track.back(e))
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

struct Members<'t, A> {
    inner: A,
    track: Track<'t>,
    name: String,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Members<'_, A> {
    type Error = Raised;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Raised> {
        let track = self.track;
        let named = Named {
            seed,
            name: &mut self.name,
            track,
        };
        self.inner.next_key_seed(named).map_err(|e| track.back(e))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Raised> {
        let at = At::Member(self.track.at, &self.name);
        let track = Track {
            at: &at,
            slot: self.track.slot,
        };
        self.inner
            .next_value_seed(Tracked { inner: seed, track })
            .map_err(|e| track.back(e))
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

/// Reads a member's name for its type, and notes it for the path.
struct Named<'t, 'n, S> {
    seed: S,
    name: &'n mut String,
    track: Track<'t>,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Named<'_, '_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for Named<'_, '_, S> {
    type Value = S::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<S::Value, E> {
        self.take(Transient(name))
    }

    fn visit_borrowed_str<E: de::Error>(self, name: &'de str) -> Result<S::Value, E> {
        self.take(Borrowed(name))
    }
}

impl<'de, S: DeserializeSeed<'de>> Named<'_, '_, S> {
    /// A name that its type refuses is told at the member, not at the object.
    fn take<K: KeyText<'de>, E: de::Error>(self, key: K) -> Result<S::Value, E> {
        key.as_str().clone_into(self.name);
        self.seed
            .deserialize(de::IntoDeserializer::into_deserializer(Key(key)))
            .map_err(|raised: Raised| {
                let at = At::Member(self.track.at, self.name);
                let slot = self.track.slot;
                Track { at: &at, slot }.out(raised)
            })
    }
}

impl<'de, 't, A: EnumAccess<'de>> EnumAccess<'de> for Tracked<'t, A> {
    type Error = Raised;
    type Variant = Tracked<'t, A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self::Variant), Raised> {
        let seed = Self::over(self.track, seed);
        match self.inner.variant_seed(seed) {
            Ok((value, variant)) => Ok((value, Self::over(self.track, variant))),
            Err(e) => Err(self.track.back(e)),
        }
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Tracked<'_, A> {
    type Error = Raised;

    fn unit_variant(self) -> Result<(), Raised> {
        self.inner.unit_variant().map_err(|e| self.track.back(e))
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Raised> {
        let seed = Self::over(self.track, seed);
        self.inner
            .newtype_variant_seed(seed)
            .map_err(|e| self.track.back(e))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Raised> {
        let visitor = Self::over(self.track, visitor);
        self.inner
            .tuple_variant(length, visitor)
            .map_err(|e| self.track.back(e))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Raised> {
        let visitor = Self::over(self.track, visitor);
        self.inner
            .struct_variant(fields, visitor)
            .map_err(|e| self.track.back(e))
    }
}
