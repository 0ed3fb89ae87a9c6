use hal::{HalSerialize, Link, Links, Related};

#[derive(HalSerialize)]
struct Order {
    #[hal(link = "self")]
    a: Link,
    #[hal(link = "self")]
    b: Link,
    #[hal(embedded = "lines")]
    c: Vec<u8>,
    #[hal(embedded = "lines", link = "lines")]
    d: Related<u8>,
    #[hal(links)]
    e: Links,
    #[hal(links)]
    f: Links,
    #[hal(link = "author", embedded = "author")]
    g: Option<u8>,
}

fn main() {}
