use hal::{HalDeserialize, Link};

#[derive(HalDeserialize)]
enum Shape {
    Round,
}

#[derive(HalDeserialize)]
struct Pair(u8, u8);

#[derive(HalDeserialize)]
struct Unit;

#[derive(HalDeserialize)]
#[serde(default)]
struct Defaults {
    a: u8,
}

#[derive(HalDeserialize)]
struct Attributes {
    #[hal(link = "self")]
    #[serde(default)]
    a: Link,
}

fn main() {}
