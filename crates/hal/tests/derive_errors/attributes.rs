use hal::{HalDeserialize, Link, Links, Related};

#[derive(HalDeserialize)]
#[hal(rename = "x")]
struct Order {
    #[hal(lnk = "self")]
    a: Link,
    #[hal(link)]
    b: Link,
    #[hal(link = "")]
    c: Link,
    #[hal(link = self)]
    d: Link,
    #[hal(link = "x", links)]
    e: Links,
    #[hal(link = "author", embedded = "writer")]
    f: Related<u8>,
    #[hal()]
    g: u8,
    #[hal(link = "x", link = "y")]
    h: Link,
}

fn main() {}
