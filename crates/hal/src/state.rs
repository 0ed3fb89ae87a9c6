//! A resource's own members, as a stream between its links and embedded resources: out of a map when
//! reading, into a map when writing. Nothing is buffered on the way.
//!
//! What stands between every member and its type is inlined always: it is a twentieth of the whole reading.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{
    self, Deserialize, DeserializeSeed, IgnoredAny, IntoDeserializer, MapAccess, Visitor,
};
use serde::ser::{self, Impossible, SerializeMap};
use serde::{Deserializer, Serialize, Serializer, forward_to_deserialize_any};

use crate::json::{Borrowed, Key, KeyText, Transient};
use crate::links::Collected;

pub(crate) const LINKS: &str = "_links";
pub(crate) const EMBEDDED: &str = "_embedded";

/// What is taken out of the object while the rest goes to its type.
pub(crate) struct Envelope<E> {
    pub(crate) links: Collected,
    pub(crate) embedded: Option<E>,
}

/// The rest of the object.
pub(crate) struct State<'m, A, E> {
    map: A,
    envelope: &'m mut Envelope<E>,
    has_ended: bool,
}

impl<'de, A: MapAccess<'de>, E: Deserialize<'de>> State<'_, A, E> {
    /// Reads a value out of an object but for its envelope, and the object to its end.
    #[inline(always)]
    pub(crate) fn read<T: Deserialize<'de>>(
        map: A,
        envelope: &mut Envelope<E>,
    ) -> Result<T, A::Error> {
        let mut state = State {
            map,
            envelope,
            has_ended: false,
        };
        let value = T::deserialize(ObjectDeserializer(&mut state))?;
        if !state.has_ended {
            to_the_end(&mut state)?;
        }
        Ok(value)
    }
}

/// Reads a value out of an object, and the object to its end, whatever the value wants of it.
#[inline(always)]
pub(crate) fn from_object<'de, T, M>(mut map: M) -> Result<T, M::Error>
where
    T: Deserialize<'de>,
    M: MapAccess<'de>,
{
    let value = T::deserialize(ObjectDeserializer(&mut map))?;
    to_the_end(&mut map)?;
    Ok(value)
}

fn to_the_end<'de, M: MapAccess<'de>>(map: &mut M) -> Result<(), M::Error> {
    while map.next_key::<IgnoredAny>()?.is_some() {
        map.next_value::<IgnoredAny>()?;
    }
    Ok(())
}

impl<'de, A: MapAccess<'de>, E: Deserialize<'de>> MapAccess<'de> for State<'_, A, E> {
    type Error = A::Error;

    #[inline(always)]
    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        mut seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        loop {
            let named = NameSeed {
                seed,
                value: PhantomData,
            };
            match self.map.next_key_seed(named)? {
                None => {
                    self.has_ended = true;
                    return Ok(None);
                }
                Some(Name::Member(value)) => return Ok(Some(value)),
                Some(Name::Envelope(back, is_links)) => {
                    self.envelope(is_links)?;
                    seed = back;
                }
            }
        }
    }

    #[inline(always)]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

impl<'de, A: MapAccess<'de>, E: Deserialize<'de>> State<'_, A, E> {
    /// Takes the value of `_links` or `_embedded`.
    fn envelope(&mut self, is_links: bool) -> Result<(), A::Error> {
        if is_links {
            return self.map.next_value_seed(&mut self.envelope.links);
        }
        if let Some(embedded) = self.map.next_value()? {
            self.envelope.embedded = Some(embedded);
        }
        Ok(())
    }
}

/// Looks at a member's name before its type does.
struct NameSeed<'de, S> {
    seed: S,
    value: PhantomData<&'de ()>,
}

enum Name<S, V> {
    /// `_links` if true, else `_embedded`; the seed comes back.
    Envelope(S, bool),
    Member(V),
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for NameSeed<'de, S> {
    type Value = Name<S, S::Value>;

    #[inline(always)]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> NameSeed<'de, S> {
    #[inline(always)]
    fn sort<K: KeyText<'de>, E: de::Error>(self, key: K) -> Result<Name<S, S::Value>, E> {
        let name = key.as_str();
        if name.starts_with('_') && (name == LINKS || name == EMBEDDED) {
            return Ok(Name::Envelope(self.seed, name == LINKS));
        }
        let key = Key(key).into_deserializer();
        self.seed.deserialize(key).map(Name::Member)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for NameSeed<'de, S> {
    type Value = Name<S, S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    #[inline(always)]
    fn visit_str<E: de::Error>(self, name: &str) -> Result<Self::Value, E> {
        self.sort(Transient(name))
    }

    #[inline(always)]
    fn visit_borrowed_str<E: de::Error>(self, name: &'de str) -> Result<Self::Value, E> {
        self.sort(Borrowed(name))
    }
}

/// An object as a value: also for types that want nothing of it.
struct ObjectDeserializer<'s, M>(&'s mut M);

impl<'de, M: MapAccess<'de>> Deserializer<'de> for ObjectDeserializer<'_, M> {
    type Error = M::Error;

    #[inline(always)]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, M::Error> {
        visitor.visit_map(self.0)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, M::Error> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, M::Error> {
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, M::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, M::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, M::Error> {
        MapAccessDeserializer::new(self.0).deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf seq
        tuple tuple_struct map struct identifier ignored_any
    }
}

/// Writes the members of a struct or map into a map that is already open.
pub(crate) struct Members<'m, M>(pub(crate) &'m mut M);

fn no_object<T, E: ser::Error>() -> Result<T, E> {
    Err(E::custom("the state of a resource must be an object"))
}

macro_rules! refused {
    ($($method:ident($($type:ty),*))*) => { $(
        fn $method(self, $(_: $type),*) -> Result<(), M::Error> {
            no_object()
        }
    )* };
}

impl<'m, M: SerializeMap> Serializer for Members<'m, M> {
    type Ok = ();
    type Error = M::Error;
    type SerializeSeq = Impossible<(), M::Error>;
    type SerializeTuple = Impossible<(), M::Error>;
    type SerializeTupleStruct = Impossible<(), M::Error>;
    type SerializeTupleVariant = Impossible<(), M::Error>;
    type SerializeMap = Members<'m, M>;
    type SerializeStruct = Members<'m, M>;
    type SerializeStructVariant = Impossible<(), M::Error>;

    refused! {
        serialize_bool(bool) serialize_i8(i8) serialize_i16(i16) serialize_i32(i32)
        serialize_i64(i64) serialize_i128(i128) serialize_u8(u8) serialize_u16(u16)
        serialize_u32(u32) serialize_u64(u64) serialize_u128(u128) serialize_f32(f32)
        serialize_f64(f64) serialize_char(char) serialize_str(&str) serialize_bytes(&[u8])
        serialize_unit_variant(&'static str, u32, &'static str)
    }

    fn serialize_none(self) -> Result<(), M::Error> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), M::Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), M::Error> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), M::Error> {
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), M::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), M::Error> {
        self.0.serialize_entry(variant, value)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self, M::Error> {
        Ok(self)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, M::Error> {
        Ok(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, M::Error> {
        no_object()
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, M::Error> {
        no_object()
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, M::Error> {
        no_object()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, M::Error> {
        no_object()
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, M::Error> {
        no_object()
    }
}

impl<M: SerializeMap> SerializeMap for Members<'_, M> {
    type Ok = ();
    type Error = M::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), M::Error> {
        self.0.serialize_key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), M::Error> {
        self.0.serialize_value(value)
    }

    fn end(self) -> Result<(), M::Error> {
        Ok(())
    }
}

impl<M: SerializeMap> ser::SerializeStruct for Members<'_, M> {
    type Ok = ();
    type Error = M::Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), M::Error> {
        self.0.serialize_entry(name, value)
    }

    fn end(self) -> Result<(), M::Error> {
        Ok(())
    }
}

/// Whether a value writes any member (or is no object at all). Stops at the first.
pub(crate) fn has_members<T: Serialize + ?Sized>(value: &T) -> bool {
    value.serialize(Probe).is_err()
}

/// Accepts what is empty and fails on everything else.
struct Probe;

#[derive(Debug)]
struct Something;

impl fmt::Display for Something {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is something to write")
    }
}

impl std::error::Error for Something {}

impl ser::Error for Something {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

macro_rules! something {
    ($($method:ident($($type:ty),*) $ok:ty;)*) => { $(
        fn $method(self, $(_: $type),*) -> Result<$ok, Something> {
            Err(Something)
        }
    )* };
}

impl Serializer for Probe {
    type Ok = ();
    type Error = Something;
    type SerializeSeq = Impossible<(), Something>;
    type SerializeTuple = Impossible<(), Something>;
    type SerializeTupleStruct = Impossible<(), Something>;
    type SerializeTupleVariant = Impossible<(), Something>;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Impossible<(), Something>;

    something! {
        serialize_bool(bool) (); serialize_i8(i8) (); serialize_i16(i16) (); serialize_i32(i32) ();
        serialize_i64(i64) (); serialize_i128(i128) (); serialize_u8(u8) (); serialize_u16(u16) ();
        serialize_u32(u32) (); serialize_u64(u64) (); serialize_u128(u128) ();
        serialize_f32(f32) (); serialize_f64(f64) (); serialize_char(char) ();
        serialize_str(&str) (); serialize_bytes(&[u8]) ();
        serialize_unit_variant(&'static str, u32, &'static str) ();
        serialize_seq(Option<usize>) Self::SerializeSeq;
        serialize_tuple(usize) Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) Self::SerializeTupleVariant;
        serialize_struct_variant(&'static str, u32, &'static str, usize)
            Self::SerializeStructVariant;
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Something> {
        Err(Something)
    }

    fn serialize_none(self) -> Result<(), Something> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Something> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Something> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Something> {
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Something> {
        value.serialize(self)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self, Something> {
        Ok(self)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Something> {
        Ok(self)
    }
}

impl SerializeMap for Probe {
    type Ok = ();
    type Error = Something;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, _: &T) -> Result<(), Something> {
        Err(Something)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, _: &T) -> Result<(), Something> {
        Err(Something)
    }

    fn end(self) -> Result<(), Something> {
        Ok(())
    }
}

impl ser::SerializeStruct for Probe {
    type Ok = ();
    type Error = Something;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        _: &'static str,
        _: &T,
    ) -> Result<(), Something> {
        Err(Something)
    }

    fn end(self) -> Result<(), Something> {
        Ok(())
    }
}
